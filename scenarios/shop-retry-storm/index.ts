/** The shop, with a database gateway that refuses, and a service that does not take no for an answer. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopRetryStorm: Scenario = {
  id: "shop-retry-storm",
  title: "A shop that asks again at once",
  description: "The MySQL gateway refuses three of five requests for orders; the order service asks again at once, up to 25 times.",
  finds: "retry-storm",
  run: (context) => recordShop(context, { environment: { SHOP_REFUSE: "0.6", SHOP_RETRIES: "25" } }),
};

export default shopRetryStorm;
