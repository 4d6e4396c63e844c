/** The certificate is read back by OpenSSL, and a handshake is made with it. */
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { expect, it } from "vitest";
import { selfSigned } from "./certificate.ts";

it("is a certificate of its name and key, signed by itself and valid now", () => {
  const { certificate } = selfSigned("storescope");
  const read = new X509Certificate(certificate);
  expect(read.subject).toBe("CN=storescope");
  expect(read.issuer).toBe("CN=storescope");
  expect(read.verify(read.publicKey)).toBe(true);
  expect(Date.parse(read.validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(read.validTo)).toBeGreaterThan(Date.now());
});

it("is one that a client can trust", async () => {
  const { certificate, key } = selfSigned("storescope");
  const server = createServer({ cert: certificate, key }, (socket) => socket.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", ca: certificate, checkServerIdentity: () => undefined });
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString()).toBe("hello");
    expect(socket.authorized).toBe(true);
    socket.destroy();
  } finally {
    server.close();
  }
});
