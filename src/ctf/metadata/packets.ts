/**
 * Metadata as a file: plain text, or text cut into packets (CTF 1.8.3 section 7.1). Gives the text.
 *
 * A metadata packet's header, in the byte order of the machine that wrote it (the magic number tells which):
 *
 *     byte   0        4                20        24            28            32         33            34           35     36     37
 *            +--------+----------------+---------+-------------+-------------+----------+-------------+------------+------+------+--------
 *            | magic  | uuid           | check-  | content     | packet      | compres- | encryption  | checksum   |major |minor | text ..
 *            | u32    | 16 bytes       | sum u32 | size, bits  | size, bits  | sion u8  | scheme u8   | scheme u8  | u8   | u8   |
 *            +--------+----------------+---------+-------------+-------------+----------+-------------+------------+------+------+--------
 *
 * Content size counts the header. Between content and packet size is padding. A token may continue in the next packet.
 */
import { BadInputError } from "../../base/index.ts";

const packetMagic = 0x75d11d57;
const headerBytes = 37;

/** What a metadata file holds. Uuid and byte order are those of its packets: undefined for plain text. */
export interface MetadataText {
  readonly text: string;
  readonly uuid: readonly number[] | undefined;
  readonly bigEndian: boolean | undefined;
}

/** `file` is for messages. */
export function readMetadataText(bytes: Uint8Array, file: string): MetadataText {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes.length >= 4 && view.getUint32(0, true) === packetMagic;
  const isBig = bytes.length >= 4 && view.getUint32(0, false) === packetMagic;
  if (!isLittle && !isBig) return { text: decodeUtf8(bytes, file), uuid: undefined, bigEndian: undefined };

  const parts: Uint8Array[] = [];
  let uuid: readonly number[] | undefined;
  let at = 0;
  let total = 0;
  const fail = (offset: number, what: string): never => {
    throw new BadInputError("METADATA_INVALID", file, offset, what);
  };
  while (at < bytes.length) {
    if (bytes.length - at < headerBytes) fail(at, "metadata packet header is cut short");
    if (view.getUint32(at, isLittle) !== packetMagic) fail(at, "metadata packet does not begin with its magic number");
    const packetUuid = Array.from(bytes.subarray(at + 4, at + 20));
    if (uuid === undefined) uuid = packetUuid;
    else if (uuid.some((byte, i) => byte !== packetUuid[i])) fail(at + 4, "metadata packets carry different uuids");
    const content = view.getUint32(at + 24, isLittle);
    const size = view.getUint32(at + 28, isLittle);
    for (const [i, scheme] of ["compression", "encryption", "checksum"].entries()) {
      if (bytes[at + 32 + i] !== 0) {
        throw new BadInputError("METADATA_UNSUPPORTED", file, at + 32 + i, `metadata packet uses a ${scheme} scheme`);
      }
    }
    if (bytes[at + 35] !== 1 || bytes[at + 36] !== 8) fail(at + 35, "metadata packet is not of version 1.8");
    if (content % 8 !== 0 || size % 8 !== 0) fail(at + 24, "metadata packet size is not a whole number of bytes");
    if (content / 8 < headerBytes || content > size) fail(at + 24, "metadata packet's content does not fit the packet");
    if (at + content / 8 > bytes.length) fail(at + 24, "metadata packet goes beyond the end of the file");
    const part = bytes.subarray(at + headerBytes, at + content / 8);
    parts.push(part);
    total += part.length;
    at += size / 8;
  }
  const joined = new Uint8Array(total);
  let to = 0;
  for (const part of parts) {
    joined.set(part, to);
    to += part.length;
  }
  return { text: decodeUtf8(joined, file), uuid, bigEndian: isBig };
}

function decodeUtf8(bytes: Uint8Array, file: string): string {
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new BadInputError("METADATA_INVALID", file, zero, "metadata text contains a NUL character");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BadInputError("METADATA_INVALID", file, 0, "metadata text is not UTF-8", { cause });
  }
}
