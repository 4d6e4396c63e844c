/** Fills the shop: users and orders into MySQL, products into Redis. */
import mysql from "mysql2/promise";
import { setting } from "./listen.ts";
import { openStore } from "./store.ts";

const [users, orders, products, others] = (process.env["SHOP_AMOUNTS"] ?? "200,2400,500,0").split(",").map(Number) as [
  number,
  number,
  number,
  number,
];
const together = 5000;

const database = await mysql.createConnection({
  socketPath: setting("MYSQL_SOCKET"),
  user: setting("MYSQL_USER"),
  multipleStatements: true,
});
await database.query(`CREATE DATABASE shop; USE shop;
  CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(100));
  CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, user INT, product INT, note VARCHAR(200), INDEX (user))`);
await database.query("INSERT INTO users VALUES ?", [Array.from({ length: users }, (_, i) => [i, `user ${i}`])]);
for (let first = 0; first < orders; first += together) {
  const rows = Array.from({ length: Math.min(together, orders - first) }, (_, i) => {
    const user = (first + i) % users;
    return [user, (first + i) % products, `${"x".repeat(100)} order of user ${user}.`];
  });
  await database.query("INSERT INTO orders (user, product, note) VALUES ?", [rows]);
}
await database.end();

const store = await openStore();
for (let i = 0; i < products; i++) await store.set(`{product}:${i}`, JSON.stringify({ id: i, name: `product ${i}` }));
for (let first = 0; first < others; first += together)
  await Promise.all(Array.from({ length: together }, (_, i) => store.set(`{product}:old:${first + i}`, "x")));
process.exit(0);
