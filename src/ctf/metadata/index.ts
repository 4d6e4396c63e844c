/** Metadata bytes to TraceSchema, whichever of the two languages they are in. */
import { BadInputError } from "../../base/index.ts";
import type { TraceSchema } from "../schema.ts";
import { parseCtf2 } from "./ctf2.ts";
import { readMetadataText } from "./packets.ts";
import { parseTsdl } from "./tsdl.ts";

/**
 * `file` is for messages. Throws BadInputError, whose offset is the file's byte.
 *
 * A tracer appends to its metadata while it traces, so the end may be missing: what is wrong only in the last, unfinished declaration is a warning, and
 * everything before it counts.
 */
export function parseMetadata(bytes: Uint8Array, file: string): TraceSchema {
  if (bytes.length === 0)
    throw new BadInputError("METADATA_INVALID", file, 0, "the metadata is empty: LTTng writes it when the session is stopped or rotated");
  const { text, uuid, bigEndian, fileOffset, cutAt } = readMetadataText(bytes, file);
  // A JSON text sequence begins with a record separator (RFC 7464); TSDL cannot.
  const isCtf2 = text.startsWith("\u001e");
  const parse = (part: string): TraceSchema => (isCtf2 ? parseCtf2(part, file) : parseTsdl(part, file, bigEndian));
  const missing = cutAt === undefined ? [] : [{ offset: cutAt, message: `the metadata ends in the middle of this packet${unfinished}` }];
  try {
    const whole = isCtf2 ? wholeFragments(text) : wholeDeclarations(text);
    const { schema, isPart } = parseWhole(parse, text, whole);
    if (isPart) missing.push({ offset: fileOffset(whole), message: `the metadata ends in the middle of this declaration${unfinished}` });
    const warnings = schema.warnings.map((warning) => ({ ...warning, offset: fileOffset(warning.offset) }));
    return { ...schema, uuid: schema.uuid ?? uuid, warnings: [...warnings, ...missing] };
  } catch (error) {
    // The parsers count characters of the text.
    if (error instanceof BadInputError && fileOffset(error.offset) !== error.offset) {
      throw new BadInputError(error.code, file, fileOffset(error.offset), error.what, { cause: error });
    }
    throw error;
  }
}

const unfinished = ", which is left out (the trace seems to be still being written)";

/** The whole text, or where it is wrong behind `whole` characters only, these. */
function parseWhole(
  parse: (text: string) => TraceSchema,
  text: string,
  whole: number,
): { readonly schema: TraceSchema; readonly isPart: boolean } {
  try {
    return { schema: parse(text), isPart: false };
  } catch (error) {
    const isUnfinished = error instanceof BadInputError && error.code === "METADATA_INVALID" && whole > 0 && error.offset >= whole;
    if (!isUnfinished) throw error;
    try {
      return { schema: parse(text.slice(0, whole)), isPart: true };
    } catch {
      // What is whole makes no trace: the error is that of all.
      throw error;
    }
  }
}

/** Characters up to the end of the last whole fragment of a JSON text sequence: to the last separator, where the text behind it is no JSON. */
function wholeFragments(text: string): number {
  const last = text.lastIndexOf("\u001e");
  try {
    JSON.parse(text.slice(last + 1));
    return text.length;
  } catch {
    return last;
  }
}

/** Characters up to the end of the last whole declaration of TSDL: a semicolon outside of braces, comments, strings and character constants. */
function wholeDeclarations(text: string): number {
  const token = /\/\*[\s\S]*?(?:\*\/|$)|\/\/.*|"(?:\\[\s\S]|[^"\\])*(?:"|$)|'(?:\\[\s\S]|[^'\\])*(?:'|$)|[{};]/g;
  let whole = 0;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === "{") depth++;
    else if (match[0] === "}") depth--;
    else if (match[0] === ";" && depth === 0) whole = token.lastIndex;
  }
  return whole;
}
