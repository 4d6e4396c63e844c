/** Metadata bytes to TraceSchema, whichever of the two languages they are in. */
import type { TraceSchema } from "../schema.ts";
import { parseCtf2 } from "./ctf2.ts";
import { readMetadataText } from "./packets.ts";
import { parseTsdl } from "./tsdl.ts";

/** `file` is for messages. Throws BadInputError. */
export function parseMetadata(bytes: Uint8Array, file: string): TraceSchema {
  const { text, uuid, bigEndian } = readMetadataText(bytes, file);
  // A JSON text sequence begins with a record separator (RFC 7464); TSDL cannot.
  const schema = text.startsWith("\u001e") ? parseCtf2(text, file) : parseTsdl(text, file, bigEndian);
  return uuid === undefined || schema.uuid !== undefined ? schema : { ...schema, uuid };
}
