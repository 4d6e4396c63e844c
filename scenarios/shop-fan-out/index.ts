/** The shop, announcing each order on many channels. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const shopFanOut: Scenario = {
  id: "shop-fan-out",
  title: "A shop that announces each order on 200 channels",
  description: "Each new order is published 200 times; the cluster bus carries every message to every node, with 2 264 bytes around it.",
  finds: "pubsub-amplification",
  run: (context) => recordShop(context, { environment: { SHOP_CHANNELS: "200" } }),
};

export default shopFanOut;
