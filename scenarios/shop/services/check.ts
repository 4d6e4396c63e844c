/** The shop's own tests: what its customers may rely on, over HTTP alone. Prints a line for each; fails when one does. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { setting } from "./listen.ts";
import { openStore } from "./store.ts";

const url = setting("GATEWAY_URL");
const users = 200;

interface Order {
  readonly id: number;
  readonly product: unknown;
}

async function ask(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, body === undefined ? {} : post);
  return { status: response.status, body: await response.json() };
}

const ordersOf = async (user: number): Promise<readonly Order[]> =>
  ((await ask(`/users/${user}/orders`)).body as { readonly orders: readonly Order[] }).orders;

const tests: Readonly<Record<string, () => Promise<void>>> = {
  "a user is found, from the database and then from the cache": async () => {
    for (let i = 0; i < 3; i++) assert.deepEqual(await ask("/users/42"), { status: 200, body: { id: 42, name: "user 42" } });
  },
  "two hundred users asked for at once are each their own": async () => {
    const found = await Promise.all(Array.from({ length: users }, (_, id) => ask(`/users/${id}`)));
    assert.deepEqual(
      found.map(({ body }) => body),
      Array.from({ length: users }, (_, id) => ({ id, name: `user ${id}` })),
    );
  },
  "a user's orders come with the user and with their products": async () => {
    const { body } = await ask("/users/7/orders");
    const { user, orders } = body as { readonly user: unknown; readonly orders: readonly Order[] };
    assert.deepEqual(user, { id: 7, name: "user 7" });
    assert.equal(orders.length, 12);
    // Order n of user u is for product (200 n + u) mod 500.
    for (const [n, { product }] of orders.entries()) {
      const id = (users * n + 7) % 500;
      assert.deepEqual(JSON.parse(String(product)), { id, name: `product ${id}` });
    }
  },
  "new orders get numbers of their own": async () => {
    const made = await Promise.all(Array.from({ length: 40 }, (_, product) => ask("/orders", { user: 1000, product })));
    assert.deepEqual(new Set(made.map(({ status }) => status)), new Set([200]));
    assert.equal(new Set(made.map(({ body }) => (body as Order).id)).size, 40);
    assert.equal((await ordersOf(1000)).length, 12);
  },
  "every announced order is counted once": async () => {
    const store = await openStore();
    const counted = async (): Promise<number> => Number(await store.get("orders"));
    const before = await counted();
    for (let i = 0; i < 20; i++) await ask("/orders", { user: 1001, product: i });
    for (let waited = 0; (await counted()) < before + 20 && waited < 5000; waited += 20) await sleep(20);
    await sleep(100);
    assert.equal(await counted(), before + 20);
  },
  "what is no JSON is refused, and the next request is served": async () => {
    const headers = { "content-type": "application/json" };
    const refused = await fetch(`${url}/orders`, { method: "POST", headers, body: "{" });
    assert.equal(refused.ok, false);
    await refused.text();
    assert.equal((await ask("/users/1")).status, 200);
  },
  "what there is none of is not found": async () => {
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}: ${String(error)}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
