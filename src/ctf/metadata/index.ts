/** Metadata bytes to TraceSchema, whichever of the two languages they are in. */
import type { TraceSchema } from "../schema.ts";
import { readMetadataText } from "./packets.ts";
import { parseTsdl } from "./tsdl.ts";

/** `file` is for messages. Throws BadInputError. */
export function parseMetadata(bytes: Uint8Array, file: string): TraceSchema {
  const { text, uuid } = readMetadataText(bytes, file);
  const schema = parseTsdl(text, file);
  return uuid === undefined || schema.uuid !== undefined ? schema : { ...schema, uuid };
}
