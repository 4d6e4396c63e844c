// What the services over databases do alike: serve /ask/N by `styles`, one of which N says, and ask themselves for all N, 60 at a time. Bundled libraries are found
// when they first write, so that is waited for; not with DATABASE_COLD: then the first 60 ask all at once, before there is any connection.
import http from "node:http";

const count = 240;
const atOnce = 60;

/** A promise of what `task` calls back with. */
export const callback = (task) => new Promise((resolve, reject) => task((error, value) => (error ? reject(error) : resolve(value))));

/** `styles[i](n, k)` makes statement k of request n; `fail()` makes one that the database refuses; `tend()` makes one that no request asked for, all the while. */
export async function askMany(styles, fail, tend) {
  const tending = [];
  const isCold = process.env.DATABASE_COLD !== undefined;
  let arrived = 0;
  let begin;
  const all = new Promise((resolve) => {
    begin = resolve;
  });
  const startTending = () => setInterval(() => tending.push(tend()), 3);
  if (!isCold) {
    tending.push(tend());
    await tending[0];
  }
  let timer;
  const tended = (isCold ? all : Promise.resolve()).then(() => {
    timer = startTending();
  });
  const server = http.createServer(async (request, response) => {
    const number = Number(request.url.split("/")[2]);
    try {
      if (isCold) {
        if (++arrived === atOnce) begin();
        await all;
      }
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
  await tended;
  clearInterval(timer);
  await Promise.all(tending);
  agent.destroy();
  server.close();
  return tending.length;
}
