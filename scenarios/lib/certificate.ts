/**
 * A self-signed certificate for a server that lives for one scenario, so that neither a secret nor an openssl program is needed.
 *
 *     Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }                     RFC 5280, 4.1
 *     tbsCertificate: serial, algorithm, issuer, validity, subject, subjectPublicKeyInfo                  version 1: no extensions
 *
 * Encoded in DER (X.690): tag, length, content. ECDSA over P-256 with SHA-256 (RFC 5758, 3.2): a handshake costs a tenth of RSA's.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const dayMs = 24 * 3600 * 1000;

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => der(0x30, ...contents);
const bitString = (content: Buffer): Buffer => der(0x03, Buffer.from([0]), content);
/** UTCTime, YYMMDDHHMMSSZ. */
const utcTime = (ms: number): Buffer => der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/\D/g, "")}Z`));

/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));
/** 2.5.4.3 */
const commonName = Buffer.from("0603550403", "hex");

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/** A new key and its certificate, valid from yesterday for two days. */
export function selfSigned(name: string): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const subject = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))));
  const now = Date.now();
  const content = sequence(
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    subject,
    sequence(utcTime(now - dayMs), utcTime(now + dayMs)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const whole = sequence(content, ecdsaWithSha256, bitString(sign("sha256", content, privateKey)));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

export interface CertificateFiles {
  /** PEM, and the files that hold it and its key. */
  readonly certificate: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Writes a certificate for `storescope` into the folder. */
export function writeCertificate(directory: string): CertificateFiles {
  const { certificate, key } = selfSigned("storescope");
  const certificateFile = join(directory, "server.crt");
  const keyFile = join(directory, "server.key");
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certificate, certificateFile, keyFile };
}

/** Settings of redis.conf that make a server speak TLS on a port of its own. */
export function certificateSettings(
  { certificateFile, keyFile }: CertificateFiles,
  port: number,
): Readonly<Record<string, string | number>> {
  return { "tls-port": port, "tls-cert-file": certificateFile, "tls-key-file": keyFile, "tls-auth-clients": "no" };
}
