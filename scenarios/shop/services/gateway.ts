/** The shop's front: what browsers talk to. */
import { Agent } from "node:http";
import axios from "axios";
import { listen, service, setting } from "./listen.ts";

const http = axios.create({ httpAgent: new Agent({ keepAlive: true }) });
const users = setting("USER_URL");
const orders = setting("ORDER_URL");
/** Other users whom a page shows, each asked for when the one before has come. */
const friends = Number(process.env["SHOP_FRIENDS"] ?? 0);

async function friendsOf(user: number): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (let i = 1; i <= friends; i++) found.push((await http.get(`${users}/users/${(user + i) % 200}`)).data);
  return found;
}

listen(
  service({
    "GET /users/:id": async ({ params }) => (await http.get(`${users}/users/${params["id"]}`)).data,
    // The user and the orders do not need each other.
    "GET /users/:id/orders": async ({ params }) => {
      const [user, own] = await Promise.all([http.get(`${users}/users/${params["id"]}`), http.get(`${orders}/orders/${params["id"]}`)]);
      return { user: user.data, orders: own.data, friends: await friendsOf(Number(params["id"])) };
    },
    "POST /orders": async ({ body }) => (await http.post(`${orders}/orders`, body)).data,
  }),
);
