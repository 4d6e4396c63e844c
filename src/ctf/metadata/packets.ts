/**
 * Metadata as a file: plain text, or text cut into packets (CTF 1.8.3 section 7.1, CTF2-SPEC-2.0 section 4.1). Gives the text.
 *
 * A metadata packet's header, in the byte order of the machine that wrote it (the magic number tells which):
 *
 *     byte   0        4                20        24            28            32         33            34           35     36     37
 *            +--------+----------------+---------+-------------+-------------+----------+-------------+------------+------+------+--------
 *            | magic  | uuid           | check-  | content     | packet      | compres- | encryption  | checksum   |major |minor | text ..
 *            | u32    | 16 bytes       | sum u32 | size, bits  | size, bits  | sion u8  | scheme u8   | scheme u8  | u8   | u8   |
 *            +--------+----------------+---------+-------------+-------------+----------+-------------+------------+------+------+--------
 *
 * Version is 1.8 or 2.0. Content size counts the header. Between content and packet size is padding. A token may continue in the next packet.
 * A last packet that is not whole (the tracer is still writing) is left out; where there is no other, it is an error.
 */
import { BadInputError } from "../../base/index.ts";

const packetMagic = 0x75d11d57;
const headerBytes = 37;

/** What a metadata file holds. Uuid and byte order are those of its packets: undefined for plain text. */
export interface MetadataText {
  readonly text: string;
  readonly uuid: readonly number[] | undefined;
  readonly bigEndian: boolean | undefined;
  /** Where the file ends in the middle of a packet, which is left out. */
  readonly cutAt: number | undefined;
  /** The byte of the file that holds the character of the text at `index`. */
  fileOffset(index: number): number;
}

/** Where a packet's text begins, in bytes of the whole text and of the file. */
interface Part {
  readonly start: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** `file` is for messages. */
export function readMetadataText(bytes: Uint8Array, file: string): MetadataText {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes.length >= 4 && view.getUint32(0, true) === packetMagic;
  const isBig = bytes.length >= 4 && view.getUint32(0, false) === packetMagic;
  if (!isLittle && !isBig)
    return { ...decode([{ start: 0, offset: 0, bytes }], file), uuid: undefined, bigEndian: undefined, cutAt: undefined };

  const parts: Part[] = [];
  let uuid: readonly number[] | undefined;
  let at = 0;
  let total = 0;
  const fail = (offset: number, what: string): never => {
    throw new BadInputError("METADATA_INVALID", file, offset, what);
  };
  let cutAt: number | undefined;
  while (at < bytes.length) {
    if (bytes.length - at < headerBytes) {
      if (parts.length === 0) fail(at, "metadata packet header is cut short");
      cutAt = at;
      break;
    }
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
    const version = `${bytes[at + 35]}.${bytes[at + 36]}`;
    if (version !== "1.8" && version !== "2.0") fail(at + 35, `metadata packet is of version ${version}, not of 1.8 or 2.0`);
    if (content % 8 !== 0 || size % 8 !== 0) fail(at + 24, "metadata packet size is not a whole number of bytes");
    if (content / 8 < headerBytes || content > size) fail(at + 24, "metadata packet's content does not fit the packet");
    if (at + content / 8 > bytes.length) {
      if (parts.length === 0) fail(at + 24, "metadata packet goes beyond the end of the file");
      cutAt = at;
      break;
    }
    parts.push({ start: total, offset: at + headerBytes, bytes: bytes.subarray(at + headerBytes, at + content / 8) });
    total += content / 8 - headerBytes;
    at += size / 8;
  }
  return { ...decode(parts, file), uuid, bigEndian: isBig, cutAt };
}

function decode(parts: readonly Part[], file: string): Pick<MetadataText, "text" | "fileOffset"> {
  const last = parts[parts.length - 1];
  const joined = new Uint8Array(last === undefined ? 0 : last.start + last.bytes.length);
  for (const { start, bytes } of parts) joined.set(bytes, start);
  const offsetOfByte = (at: number): number => {
    const part = parts.findLast(({ start }) => start <= at);
    return part === undefined ? at : part.offset + at - part.start;
  };
  const zero = joined.indexOf(0);
  if (zero >= 0) throw new BadInputError("METADATA_INVALID", file, offsetOfByte(zero), "metadata text contains a NUL character");
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined);
  const wrong = validLength(joined);
  if (wrong < joined.length) throw new BadInputError("METADATA_INVALID", file, offsetOfByte(wrong), "metadata text is not UTF-8");
  const isAscii = text.length === joined.length;
  return { text, fileOffset: (index) => offsetOfByte(isAscii ? index : new TextEncoder().encode(text.slice(0, index)).length) };
}

/** How many bytes from the start are UTF-8; all, or up to the wrong one. */
function validLength(bytes: Uint8Array): number {
  const isValid = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: length < bytes.length });
      return true;
    } catch {
      return false;
    }
  };
  if (isValid(bytes.length)) return bytes.length;
  let valid = 0;
  for (let step = 2 ** Math.ceil(Math.log2(bytes.length)); step >= 1; step /= 2) {
    if (valid + step < bytes.length && isValid(valid + step)) valid += step;
  }
  return valid;
}
