/** The shop, whose front asks for what a page shows one after the other. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopSequentialCalls: Scenario = {
  id: "shop-sequential-calls",
  title: "A shop that waits for each of its services in turn",
  description: "The gateway gets six friends of a user one after the other, though none needs another; every call is fast.",
  finds: "sequential-calls",
  run: (context) => recordShop(context, { environment: { SHOP_FRIENDS: "6" } }),
};

export default shopSequentialCalls;
