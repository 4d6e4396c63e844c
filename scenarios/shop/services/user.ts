/** Users, from the cache where they are in it. */
import { Agent } from "node:http";
import axios, { isAxiosError } from "axios";
import { listen, service, setting } from "./listen.ts";

const http = axios.create({ httpAgent: new Agent({ keepAlive: true }) });
const cache = setting("REDIS_GATEWAY_URL");
const database = setting("MYSQL_GATEWAY_URL");

async function cached(key: string): Promise<unknown> {
  try {
    return (await http.get(`${cache}/cache/${key}`)).data;
  } catch (error) {
    if (isAxiosError(error) && error.response?.status === 404) return undefined;
    throw error;
  }
}

listen(
  service({
    "GET /users/:id": async ({ params }) => {
      const key = `user:${params["id"]}`;
      const known = await cached(key);
      if (known !== undefined) return known;
      const { data } = await http.get(`${database}/users/${params["id"]}`);
      await http.put(`${cache}/cache/${key}`, data);
      return data;
    },
  }),
);
