// As database.mjs, over PostgreSQL: `postgres.mjs SOCKET_FOLDER USER`.
import http from "node:http";
import pg from "pg";

const [host, user] = process.argv.slice(2);
const pool = new pg.Pool({ host, user, database: "postgres", max: 3 });
const count = 240;
const atOnce = 60;

const callback = (task) => new Promise((resolve, reject) => task((error, value) => (error ? reject(error) : resolve(value))));
const sql = (number, i) => `SELECT /* secret${number} */ pg_sleep(0.002), ${number * 10 + i} AS answer`;

const styles = [
  (n, i) => pool.query(sql(n, i)).then(({ rows }) => rows[0]),
  (n, i) => callback((done) => pool.query(sql(n, i), (error, result) => done(error, result?.rows[0]))),
  (n, i) => pool.query("SELECT pg_sleep(0.002), $1::int AS answer", [n * 10 + i]).then(({ rows }) => rows[0]),
  async (n, i) => {
    const client = await pool.connect();
    try {
      return (await client.query(sql(n, i))).rows[0];
    } finally {
      client.release();
    }
  },
  (n, i) =>
    callback((done) =>
      pool.connect((error, client, release) => {
        if (error) return done(error);
        client.query(sql(n, i), (failure, result) => {
          release();
          done(failure, result?.rows[0]);
        });
      }),
    ),
  (n, i) => callback((done) => pool.query("SELECT 1", () => pool.query(sql(n, i), (error, result) => done(error, result?.rows[0])))),
];

const server = http.createServer(async (request, response) => {
  const number = Number(request.url.split("/")[2]);
  try {
    if (number === 7) await pool.query("SELECT nothing FROM nowhere").catch(() => undefined);
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
await Promise.all(
  Array.from(
    { length: count },
    (_, number) =>
      new Promise((resolve, reject) => {
        http
          .get({ port, host: "127.0.0.1", path: `/ask/${number}`, agent }, (response) => {
            response.resume().on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`${number} failed`))));
          })
          .on("error", reject);
      }),
  ),
);
agent.destroy();
server.close();
await pool.end();
