/** The shop, asking Redis for one product after the other. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopNPlusOne: Scenario = {
  id: "shop-n-plus-one",
  title: "A shop that asks for one product after the other",
  description:
    "The Redis gateway gets the products of a user's orders one by one, twelve round trips for each request; every command is fast.",
  finds: "n-plus-one",
  run: (context) => recordShop(context, { environment: { SHOP_ONE_BY_ONE: "1" } }),
};

export default shopNPlusOne;
