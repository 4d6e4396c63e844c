/** All that talks to MySQL. */
import mysql, { type ResultSetHeader, type RowDataPacket } from "mysql2/promise";
import { listen, service, setting } from "./listen.ts";

const pool = mysql.createPool({
  socketPath: setting("MYSQL_SOCKET"),
  user: setting("MYSQL_USER"),
  database: "shop",
  connectionLimit: Number(process.env["MYSQL_CONNECTIONS"] ?? 8),
});
/** Counts how often each product of a user was sold, all at once. */
const isCounting = process.env["SHOP_COUNT_SOLD"] === "1";
/** Looks for a user's orders in their notes, which no index helps with. */
const isByNote = process.env["SHOP_BY_NOTE"] === "1";
/** Seconds that it takes to find a user. */
const slowUser = Number(process.env["SHOP_SLOW_USER_S"] ?? 0);
/** Part of the requests for orders that it refuses. */
const refused = Number(process.env["SHOP_REFUSE"] ?? 0);

listen(
  service({
    "GET /users/:id": async ({ params }) => {
      const [rows] = await pool.execute<RowDataPacket[]>(
        slowUser > 0 ? `SELECT id, name, SLEEP(${slowUser}) FROM users WHERE id = ?` : "SELECT id, name FROM users WHERE id = ?",
        [params["id"] ?? ""],
      );
      return rows[0];
    },
    "GET /orders/:user": async ({ params }, response) => {
      if (Math.random() < refused) {
        response.status(503).json({ error: "busy" });
        return undefined;
      }
      const [rows] = isByNote
        ? await pool.query<RowDataPacket[]>("SELECT id, product FROM orders WHERE note LIKE ? ORDER BY note LIMIT 12", [
            `%user ${params["user"]}.%`,
          ])
        : await pool.query<RowDataPacket[]>("SELECT id, product FROM orders WHERE user = ? LIMIT 12", [params["user"]]);
      if (!isCounting) return rows;
      const sold = await Promise.all(
        rows.map(({ product }) => pool.query<RowDataPacket[]>("SELECT COUNT(*) AS sold FROM orders WHERE product = ?", [product])),
      );
      return rows.map((row, i) => ({ ...row, sold: sold[i]?.[0][0]?.["sold"] }));
    },
    "POST /orders": async ({ body }) => {
      const { user, product } = body;
      const note = `order of user ${user}.`;
      const [result] = await pool.execute<ResultSetHeader>("INSERT INTO orders (user, product, note) VALUES (?, ?, ?)", [
        user,
        product,
        note,
      ]);
      return { id: result.insertId, user, product };
    },
  }),
);
