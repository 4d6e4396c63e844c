/** The shop's customers: autocannon with requests drawn from a seed, at a rate that a small machine can take. */
import autocannon from "autocannon";
import { setting } from "./listen.ts";

const url = setting("GATEWAY_URL");
const rate = Number(setting("LOAD_RATE"));
const amount = Number(setting("LOAD_AMOUNT"));
const connections = Number(process.env["LOAD_CONNECTIONS"] ?? 8);
const users = 200;
const products = 500;

let state = Number(process.env["LOAD_SEED"] ?? 1);
function pick(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
/** Everybody wants the same. */
const isHot = process.env["LOAD_HOT"] === "1";
const requests = Array.from({ length: 200 }, (): autocannon.Request => {
  if (isHot) return { method: "GET", path: "/users/0" };
  const kind = pick(10);
  if (kind < 3) return { method: "GET", path: `/users/${pick(users)}` };
  if (kind < 8) return { method: "GET", path: `/users/${pick(users)}/orders` };
  const body = JSON.stringify({ user: pick(users), product: pick(products) });
  return { method: "POST", path: "/orders", body, headers: { "content-type": "application/json" } };
});

/** Each customer begins elsewhere in the list. */
let customers = 0;
const setupClient = (client: autocannon.Client): void => {
  const first = (customers++ * 25) % requests.length;
  client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
};

const result = await autocannon({ url, connections, amount, overallRate: rate, requests, setupClient });
console.log(JSON.stringify({ answered: result["2xx"], refused: result.non2xx, errors: result.errors }));
process.exitCode = result["2xx"] === amount ? 0 : 1;
