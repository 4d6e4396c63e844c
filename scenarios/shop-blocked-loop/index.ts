/** The shop, with a service that computes at length on its event loop. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopBlockedLoop: Scenario = {
  id: "shop-blocked-loop",
  title: "A shop whose order service computes on its event loop",
  description: "One in four new orders is signed in the order service, on its event loop: all other requests to it stand still meanwhile.",
  finds: "blocked-node-loop",
  run: (context) => recordShop(context, { environment: { SHOP_SIGN_EVERY: "4" } }),
};

export default shopBlockedLoop;
