// What the services over databases do alike: serve /ask/N by `styles`, one of which N says, and ask themselves for all N, 60 at a time.
import http from "node:http";

const count = 240;
const atOnce = 60;

/** A promise of what `task` calls back with. */
export const callback = (task) => new Promise((resolve, reject) => task((error, value) => (error ? reject(error) : resolve(value))));

/** `styles[i](n, k)` makes statement k of request n; `fail()` makes one that the database refuses; `tend()` makes one that no request asked for, all the while. */
export async function askMany(styles, fail, tend) {
  const tending = [];
  const timer = setInterval(() => tending.push(tend()), 3);
  const server = http.createServer(async (request, response) => {
    const number = Number(request.url.split("/")[2]);
    try {
      if (number === 7) await fail().catch(() => undefined);
      for (let i = 0; i <= number % 3; i++) {
        const row = await styles[number % styles.length](number, i);
        if (Number(row.answer) !== number * 10 + i) throw new Error("wrong answer");
      }
      response.end("ok");
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const ask = (number) =>
    new Promise((resolve, reject) => {
      http
        .get({ port, host: "127.0.0.1", path: `/ask/${number}`, agent }, (response) => {
          response.resume().on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`${number} failed`))));
        })
        .on("error", reject);
    });
  await Promise.all(Array.from({ length: count }, (_, number) => ask(number)));
  clearInterval(timer);
  await Promise.all(tending);
  agent.destroy();
  server.close();
  return tending.length;
}
