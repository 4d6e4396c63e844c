/** All that talks to Redis: the cache, the products, and news of orders, for which it listens, too. */
import { listen, service } from "./listen.ts";
import { openStore } from "./store.ts";

const store = await openStore();
/** Products live together in one slot, so that one command can ask for many. */
const product = (id: string): string => `{product}:${id}`;
/** Asks for products one after the other. */
const isOneByOne = process.env["SHOP_ONE_BY_ONE"] === "1";
/** Looks for carts among all keys, once in so many announcements. */
const countEvery = Number(process.env["SHOP_COUNT_EVERY"] ?? 0);
/** Channels that an order is announced on. */
const channels = Number(process.env["SHOP_CHANNELS"] ?? 1);
/** How long entries of the cache live; 0: for ever. */
const expireMs = Number(process.env["SHOP_EXPIRE_MS"] ?? 0);
let announced = 0;

async function products(ids: readonly string[]): Promise<readonly (string | null)[]> {
  if (ids.length === 0) return [];
  if (!isOneByOne) return store.getMany(ids.map(product));
  const found: (string | null)[] = [];
  for (const id of ids) found.push(await store.get(product(id)));
  return found;
}

await store.subscribe("orders:0", () => {
  store.increment("orders").catch(() => undefined);
});

listen(
  service({
    "GET /cache/:key": async ({ params }, response) => {
      const value = await store.get(String(params["key"]));
      if (value !== null) return JSON.parse(value);
      response.status(404).json({});
      return undefined;
    },
    "PUT /cache/:key": async ({ params, body }) => {
      await store.set(String(params["key"]), JSON.stringify(body), expireMs);
    },
    "GET /products": async ({ query }) =>
      products(
        String(query["ids"] ?? "")
          .split(",")
          .filter((id) => id !== ""),
      ),
    "POST /announce": async ({ body }) => {
      if (countEvery > 0 && ++announced % countEvery === 0) await store.keys("cart:*");
      await Promise.all(Array.from({ length: channels }, (_, i) => store.publish(`orders:${i}`, JSON.stringify(body))));
    },
  }),
);
