/** Metadata bytes to TraceSchema, whichever of the two languages they are in. */
import { BadInputError } from "../../base/index.ts";
import type { TraceSchema } from "../schema.ts";
import { parseCtf2 } from "./ctf2.ts";
import { readMetadataText } from "./packets.ts";
import { parseTsdl } from "./tsdl.ts";

/** `file` is for messages. Throws BadInputError, whose offset is the file's byte. */
export function parseMetadata(bytes: Uint8Array, file: string): TraceSchema {
  const { text, uuid, bigEndian, fileOffset } = readMetadataText(bytes, file);
  try {
    // A JSON text sequence begins with a record separator (RFC 7464); TSDL cannot.
    const schema = text.startsWith("\u001e") ? parseCtf2(text, file) : parseTsdl(text, file, bigEndian);
    const warnings = schema.warnings.map((warning) => ({ ...warning, offset: fileOffset(warning.offset) }));
    return { ...schema, uuid: schema.uuid ?? uuid, warnings };
  } catch (error) {
    // The parsers count characters of the text.
    if (error instanceof BadInputError && fileOffset(error.offset) !== error.offset) {
      throw new BadInputError(error.code, file, fileOffset(error.offset), error.what, { cause: error });
    }
    throw error;
  }
}
