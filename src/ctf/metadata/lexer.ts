/** Tokens of TSDL (CTF 1.8.3 section 7 and annex C). Offsets are in characters of the metadata text. */
import { BadInputError } from "../../base/index.ts";

export type Token =
  | { readonly kind: "word"; readonly text: string; readonly offset: number }
  | { readonly kind: "string"; readonly text: string; readonly offset: number }
  | { readonly kind: "number"; readonly text: string; readonly value: bigint; readonly offset: number }
  | { readonly kind: "symbol"; readonly text: string; readonly offset: number }
  | { readonly kind: "end"; readonly text: string; readonly offset: number };

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  v: "\v",
  f: "\f",
  a: "\u0007",
  b: "\b",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "?": "?",
};

// One alternative per token class, tried in order at one place (sticky).
const pattern = new RegExp(
  [
    String.raw`(?<space>[ \t\r\n\v\f]+|//[^\n]*|/\*[\s\S]*?\*/)`,
    "(?<word>[A-Za-z_][A-Za-z0-9_]*)",
    "(?<number>(?:0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])(?![A-Za-z0-9_]))",
    String.raw`(?<quoted>L?(?:"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])+'))`,
    String.raw`(?<symbol>\.\.\.|:=|->|[{}()<>\[\];:,.=*+\-])`,
  ].join("|"),
  "y",
);

/** All tokens of `text`, then one `end`. `file` is for messages. */
export function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new BadInputError("METADATA_INVALID", file, at, `unexpected ${JSON.stringify(text.slice(at, at + 12))}`);
    const groups = match.groups ?? {};
    const word = groups["word"];
    const number = groups["number"];
    const quoted = groups["quoted"];
    const symbol = groups["symbol"];
    if (word !== undefined) tokens.push({ kind: "word", text: word, offset: at });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, offset: at });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, value: integerValue(number, file, at), offset: at });
    else if (quoted !== undefined) tokens.push(quotedToken(quoted, file, at));
    at += match[0].length;
  }
  tokens.push({ kind: "end", text: "end of metadata", offset: at });
  return tokens;
}

function integerValue(text: string, file: string, offset: number): bigint {
  const digits = text.replace(/[uUlL]+$/, "");
  const value = /^0[0-9]+$/.test(digits) ? octalValue(digits, file, offset) : BigInt(digits);
  if (value > 0xffff_ffff_ffff_ffffn) throw new BadInputError("METADATA_INVALID", file, offset, `integer ${digits} does not fit 64 bits`);
  return value;
}

function octalValue(digits: string, file: string, offset: number): bigint {
  if (/[89]/.test(digits)) throw new BadInputError("METADATA_INVALID", file, offset, `${digits} is not an octal number`);
  return BigInt(`0o${digits.slice(1)}`);
}

function quotedToken(quoted: string, file: string, offset: number): Token {
  const start = quoted.startsWith("L") ? 2 : 1;
  const body = quoted.slice(start, -1);
  const text = body.replace(/\\(x[0-9a-fA-F]{1,3}|[0-7]{1,3}|[\s\S])/g, (_, code: string) => {
    if (/^x[0-9a-fA-F]/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16) & 0xff);
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    const plain = escapes[code];
    if (plain === undefined) throw new BadInputError("METADATA_INVALID", file, offset, `unknown escape \\${code}`);
    return plain;
  });
  // As in C, a NUL ends the string.
  if (quoted[start - 1] === '"') return { kind: "string", text: text.split("\0", 1)[0] ?? "", offset };
  if (text.length !== 1) throw new BadInputError("METADATA_INVALID", file, offset, "a character literal holds one character");
  return { kind: "number", text: quoted, value: BigInt(text.charCodeAt(0)), offset };
}
