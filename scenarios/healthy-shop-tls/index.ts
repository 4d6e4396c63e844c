/** The shop, talking to Redis over TLS. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const healthyShopTls: Scenario = {
  id: "healthy-shop-tls",
  title: "A healthy shop over TLS",
  description: "The shop's gateway to Redis speaks TLS with every node. Requests are followed all the same: offsets count what is inside.",
  run: (context) => recordShop(context, { tls: true }),
};

export default healthyShopTls;
