/** The shop with nothing wrong. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const healthyShop: Scenario = {
  id: "healthy-shop",
  title: "A healthy shop",
  description:
    "Five Node.js services, a MariaDB and a Redis cluster under 48 requests a second. See one HTTP request go through all of them, into the store.",
  run: (context) => recordShop(context),
};

export default healthyShop;
