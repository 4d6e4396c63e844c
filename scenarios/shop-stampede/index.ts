/** The shop, with a page that everybody wants and a cache that forgets it. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopStampede: Scenario = {
  id: "shop-stampede",
  title: "A shop whose cache forgets what everybody wants",
  description:
    "All customers look at the same user, whose entry in the cache lives for 200 ms; making it anew takes the database 60 ms. Meanwhile everybody asks for it.",
  finds: "cache-stampede",
  run: (context) => recordShop(context, { environment: { LOAD_HOT: "1", SHOP_EXPIRE_MS: "200", SHOP_SLOW_USER_S: "0.06" } }),
};

export default shopStampede;
