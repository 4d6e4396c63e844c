/**
 * The filter language: one for CLI, UI and API.
 *
 *     expression = and { "||" and }          and = not { "&&" not }          not = "!" not | "(" expression ")" | comparison
 *     comparison = name ("==" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~") value  |  name "in" "(" value { "," value } ")"  |  name
 *     value      = "text" | 'text' | number [unit]          unit = ns us ms s B kB MB kiB MiB
 *
 * It compiles to closures over a lookup function, never to source text. A wrong expression throws a UsageError with a caret under the place.
 */
import { UsageError } from "../base/index.ts";

/** What a name stands for in one thing that is filtered. */
export type FilterValue = string | number | boolean | undefined;
export type Lookup = (name: string) => FilterValue;
export type Filter = (lookup: Lookup) => boolean;

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  kiB: 1024,
  MiB: 1024 ** 2,
};
const longestPattern = 200;

type Token =
  | { readonly kind: "name" | "operator"; readonly text: string; readonly at: number }
  | { readonly kind: "value"; readonly value: string | number; readonly at: number }
  | { readonly kind: "end"; readonly at: number };

function fail(text: string, at: number, what: string): never {
  throw new UsageError(`wrong filter: ${what}\n  ${text}\n  ${" ".repeat(at)}^`);
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s*(?:(==|!=|<=|>=|=~|!~|&&|\|\||[<>!(),])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)([A-Za-zµ]*)|([A-Za-z_][\w.-]*))/y;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (match === null) fail(text, start, "expected a name, a value or an operator");
    const [whole, operator, quoted, number, unit, name] = match;
    if (operator !== undefined) tokens.push({ kind: "operator", text: operator, at: start });
    else if (quoted !== undefined) tokens.push({ kind: "value", value: quoted.slice(1, -1).replace(/\\(["'])/g, "$1"), at: start });
    else if (number !== undefined) {
      const factor = unit === undefined || unit === "" ? 1 : units[unit];
      if (factor === undefined) fail(text, start + number.length, `unknown unit "${unit}"; known: ${Object.keys(units).join(", ")}`);
      tokens.push({ kind: "value", value: Number(number) * factor, at: start });
    } else if (name !== undefined) tokens.push({ kind: "name", text: name, at: start });
    at += whole.length;
  }
  tokens.push({ kind: "end", at: text.length });
  return tokens;
}

/** Compiles `text`; `names` are the names it may use. An empty expression accepts everything. */
export function compileFilter(text: string, names: readonly string[]): Filter {
  if (text.trim() === "") return () => true;
  const tokens = tokenize(text);
  let position = 0;
  const peek = (): Token => tokens[position] as Token;
  const isOperator = (operator: string): boolean => {
    const token = peek();
    return token.kind === "operator" && token.text === operator;
  };
  const take = (operator: string): boolean => {
    if (!isOperator(operator)) return false;
    position++;
    return true;
  };
  const need = (operator: string): void => {
    if (!take(operator)) fail(text, peek().at, `expected "${operator}"`);
  };

  function either(): Filter {
    let left = both();
    while (take("||")) {
      const [first, second] = [left, both()];
      left = (lookup) => first(lookup) || second(lookup);
    }
    return left;
  }
  function both(): Filter {
    let left = negation();
    while (take("&&")) {
      const [first, second] = [left, negation()];
      left = (lookup) => first(lookup) && second(lookup);
    }
    return left;
  }
  function negation(): Filter {
    if (take("!")) {
      const inner = negation();
      return (lookup) => !inner(lookup);
    }
    if (take("(")) {
      const inner = either();
      need(")");
      return inner;
    }
    return comparison();
  }
  function value(): string | number {
    const token = peek();
    if (token.kind !== "value") fail(text, token.at, "expected a text in quotes or a number");
    position++;
    return token.value;
  }
  function comparison(): Filter {
    const token = peek();
    if (token.kind !== "name") fail(text, token.at, "expected a name");
    if (!names.includes(token.text)) fail(text, token.at, `unknown name "${token.text}"; known: ${names.join(", ")}`);
    position++;
    const name = token.text;
    const next = peek();
    if (next.kind === "name" && next.text === "in") {
      position++;
      need("(");
      const values = new Set([value()]);
      while (take(",")) values.add(value());
      need(")");
      return (lookup) => {
        const found = lookup(name);
        return found !== undefined && typeof found !== "boolean" && values.has(found);
      };
    }
    if (next.kind !== "operator" || !["==", "!=", "<", "<=", ">", ">=", "=~", "!~"].includes(next.text))
      return (lookup) => Boolean(lookup(name));
    position++;
    const at = peek().at;
    const wanted = value();
    return compare(name, next.text, wanted, at);
  }
  function compare(name: string, operator: string, wanted: string | number, at: number): Filter {
    if (operator === "=~" || operator === "!~") {
      const pattern = compilePattern(String(wanted), at);
      return (lookup) => pattern.test(String(lookup(name) ?? "")) === (operator === "=~");
    }
    if (operator === "==") return (lookup) => lookup(name) === wanted;
    if (operator === "!=") return (lookup) => lookup(name) !== wanted;
    if (typeof wanted !== "number") fail(text, at, `"${operator}" needs a number`);
    const holds = {
      "<": (v: number) => v < wanted,
      "<=": (v: number) => v <= wanted,
      ">": (v: number) => v > wanted,
      ">=": (v: number) => v >= wanted,
    }[operator as "<" | "<=" | ">" | ">="];
    return (lookup) => {
      const found = lookup(name);
      return typeof found === "number" && holds(found);
    };
  }
  function compilePattern(source: string, at: number): RegExp {
    if (source.length > longestPattern) fail(text, at, `a pattern has at most ${longestPattern} characters`);
    try {
      return new RegExp(source);
    } catch (error) {
      return fail(text, at, error instanceof Error ? error.message : "not a regular expression");
    }
  }

  const filter = either();
  const rest = peek();
  if (rest.kind !== "end") fail(text, rest.at, "expected && or || or the end");
  return filter;
}
