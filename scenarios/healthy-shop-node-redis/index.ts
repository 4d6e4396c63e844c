/** The shop with the other client library. */
import type { Scenario } from "../contract.ts";
import { recordShop } from "../shop/run.ts";

const healthyShopNodeRedis: Scenario = {
  id: "healthy-shop-node-redis",
  title: "A healthy shop with node-redis",
  description: "The shop's gateway to Redis uses node-redis instead of ioredis.",
  run: (context) => recordShop(context, { environment: { REDIS_CLIENT: "node-redis" } }),
};

export default healthyShopNodeRedis;
