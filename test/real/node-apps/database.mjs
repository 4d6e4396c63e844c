// A service over a database, for the test of database calls: `database.mjs SOCKET USER LIBRARY`. /ask/N does N % 3 + 1 statements of one kind in a row over a pool
// of three connections, in one of several styles; which, only N says. Loads itself with 60 requests at a time, and prints how often the server says
// that it was asked to select.
import mysql from "mysql2";
import promised from "mysql2/promise";
import { askMany, callback } from "./ask-many.mjs";

const [socketPath, user] = process.argv.slice(2);
const options = { socketPath, user, connectionLimit: 3, database: "mysql" };
const pool = mysql.createPool(options);
const pool2 = promised.createPool(options);

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

const selects = async () => Number((await pool2.query("SHOW GLOBAL STATUS LIKE 'Com_select'"))[0][0].Value);
const before = await selects();
const tended = await askMany(
  styles,
  () => pool2.query("SELECT nothing FROM nowhere"),
  () => callback((done) => pool.query("SET @tended = 1", done)),
);
console.log(JSON.stringify({ selects: (await selects()) - before, tended }));
pool.end();
await pool2.end();
