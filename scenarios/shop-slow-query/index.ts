/** The shop, with a query that no index helps. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopSlowQuery: Scenario = {
  id: "shop-slow-query",
  title: "A shop with a slow query",
  description: "Orders of a user are looked for in the text of their notes: MariaDB reads 150 000 rows for each request.",
  finds: "slow-dependency",
  run: (context) => recordShop(context, { rate: 8, environment: { SHOP_BY_NOTE: "1", SHOP_AMOUNTS: "200,150000,500,0" } }),
};

export default shopSlowQuery;
