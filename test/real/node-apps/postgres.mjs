// As database.mjs, over PostgreSQL: `postgres.mjs SOCKET_FOLDER USER`.
import pg from "pg";
import { askMany, callback } from "./ask-many.mjs";

const [host, user] = process.argv.slice(2);
const pool = new pg.Pool({ host, user, database: "postgres", max: 3 });

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

const tended = await askMany(
  styles,
  () => pool.query("SELECT nothing FROM nowhere"),
  () => callback((done) => pool.query("SET statement_timeout = 0", done)),
);
console.log(JSON.stringify({ tended }));
await pool.end();
