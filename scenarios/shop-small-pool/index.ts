/** The shop, with too few connections to its database. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopSmallPool: Scenario = {
  id: "shop-small-pool",
  title: "A shop with one connection to its database",
  description:
    "For each product of a user's orders a statement counts how often it was sold, all at once over a pool of one connection: they wait for it inside the MySQL gateway, and the database knows nothing of it.",
  finds: "connection-pool-wait",
  run: (context) =>
    recordShop(context, { rate: 24, environment: { MYSQL_CONNECTIONS: "1", SHOP_COUNT_SOLD: "1", SHOP_AMOUNTS: "200,8000,500,0" } }),
};

export default shopSmallPool;
