/** The shop, with a command that holds a node of the store. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopSlowCommand: Scenario = {
  id: "shop-slow-command",
  title: "A shop that lists its keys",
  description:
    "Now and then an order makes the Redis gateway list all keys of a node that holds 200 000: whoever needs that node waits behind it.",
  finds: "slow-command",
  run: (context) => recordShop(context, { environment: { SHOP_COUNT_EVERY: "2", SHOP_AMOUNTS: "200,2400,500,400000" } }),
};

export default shopSlowCommand;
