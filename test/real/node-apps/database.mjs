// A service over a database, for the test of database calls: `database.mjs SOCKET USER LIBRARY`. /ask/N does N % 3 + 1 statements of one kind in a row over a pool
// of three connections, in one of several styles; which, only N says. Loads itself with 60 requests at a time, and prints how often the server says
// that it was asked to select.
import http from "node:http";
import mysql from "mysql2";
import promised from "mysql2/promise";

const [socketPath, user] = process.argv.slice(2);
const options = { socketPath, user, connectionLimit: 3, database: "mysql" };
const pool = mysql.createPool(options);
const pool2 = promised.createPool(options);
const count = 240;
const atOnce = 60;

const callback = (task) => new Promise((resolve, reject) => task((error, value) => (error ? reject(error) : resolve(value))));
const sql = (number, i) => `SELECT /* secret${number} */ SLEEP(0.002), ${number * 10 + i} AS answer`;

/** One statement, in the style of this number. */
const styles = [
  (n, i) => pool2.query(sql(n, i)).then(([[row]]) => row),
  (n, i) => callback((done) => pool.query(sql(n, i), (error, rows) => done(error, rows?.[0]))),
  (n, i) => pool2.execute("SELECT SLEEP(0.002), ? AS answer", [n * 10 + i]).then(([[row]]) => row),
  async (n, i) => {
    const connection = await pool2.getConnection();
    try {
      return (await connection.query(sql(n, i)))[0][0];
    } finally {
      connection.release();
    }
  },
  (n, i) =>
    callback((done) =>
      pool.getConnection((error, connection) => {
        if (error) return done(error);
        connection.query(sql(n, i), (failure, rows) => {
          connection.release();
          done(failure, rows?.[0]);
        });
      }),
    ),
  // The next statement is asked for in the callback of the one before.
  (n, i) => callback((done) => pool.query("SELECT 1", () => pool.query(sql(n, i), (error, rows) => done(error, rows?.[0])))),
];

const server = http.createServer(async (request, response) => {
  const number = Number(request.url.split("/")[2]);
  try {
    if (number === 7) await pool2.query("SELECT nothing FROM nowhere").catch(() => undefined);
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
const selects = async () => Number((await pool2.query("SHOW GLOBAL STATUS LIKE 'Com_select'"))[0][0].Value);

const before = await selects();
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
console.log(JSON.stringify({ selects: (await selects()) - before }));
agent.destroy();
server.close();
pool.end();
await pool2.end();
