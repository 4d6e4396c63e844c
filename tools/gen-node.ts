/**
 * Generates what the `node` provider's C and JavaScript say about events from the one definition, src/environments/node/events.ts:
 *
 *     instrumentation/node/native/node_tp.h    the LTTng-UST provider: one struct and one tracepoint per event
 *     instrumentation/node/native/node_emit.h  from numbers and strings to a tracepoint, by the event's number
 *     instrumentation/node/hooks/emit.cjs      from JavaScript arguments to numbers and strings
 *     docs/events-node.md                      the reference for people
 *
 * Pure: it returns the files' texts. tools/gen-provider.mjs writes or compares them.
 */
import { contextKinds, databaseKinds, databaseLibraries, events, requestEnds, storeLibraries } from "../src/environments/node/events.ts";
import { evidence } from "../src/environments/services.ts";
import { emitHeader, eventTable, evidenceText, type GeneratedFile, most, numbers, providerHeader, strings } from "./service-provider.ts";

const notice = "Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit.";
const constant = (name: string) => name.toUpperCase().replaceAll("-", "_");

const mostNumbers = most(events, (event) => numbers(event).length);

/** Strings of which an application has few: each is converted once, and told by its number from then on. */
const wordFields: ReadonlySet<string> = new Set(["method", "host", "name", "route"]);

function emitScript(): string {
  const functions = events
    .map((event, index) => {
      const names = [...numbers(event), ...strings(event)].map(({ name }) => name);
      const stores = numbers(event)
        .map(({ name }, at) => `      n[${at}] = ${name};\n`)
        .join("");
      // Words are told by their number, where there is one; what is never the same twice is not worth one.
      const words = strings(event)
        .map(({ name }, at) => `      n[${mostNumbers + 1 + at}] = ${wordFields.has(name) ? `wordNumber(${name})` : 0};\n`)
        .join("");
      return `    ${event.name}(${names.join(", ")}) {
${stores}      n[${mostNumbers}] = ${index};
${words}      native(${strings(event)
        .map(({ name }) => name)
        .join(", ")});
    },
`;
    })
    .join("");
  const bits = events.map(({ name }, index) => `  ${name}: ${2 ** index},\n`).join("");
  const hows = Object.entries(evidence)
    .map(([name, { code }]) => `exports.HOW_${constant(name)} = ${code};\n`)
    .join("");
  const libraries = Object.entries(storeLibraries)
    .map(([name, code]) => `exports.LIBRARY_${constant(name)} = ${code};\n`)
    .join("");
  const constants = (prefix: string, codes: Readonly<Record<string, number>>): string =>
    Object.entries(codes)
      .map(([name, code]) => `exports.${prefix}_${constant(name)} = ${code};\n`)
      .join("");
  const kinds =
    constants("DATABASE_LIBRARY", databaseLibraries) +
    constants("DATABASE", databaseKinds) +
    constants("CONTEXT", contextKinds) +
    constants("END", requestEnds);
  return `// One function per event: numbers first, then strings, in the order of the definition. Numbers travel in an array that the addon shares (cheaper than
// arguments), the event's own behind them, then a number for each string: of a word that the addon knows, or 0. Strings are arguments; those with a number
// nobody looks at. ${notice}
"use strict";

/** Bit of each event in the mask of those that a session records. */
exports.bits = {
${bits}};
${hows}${libraries}${kinds}
/** The emitters over the addon: its function \`emit\`, the array \`numbers\` shared with it, and \`learn\`, which gives a word a number as long as there is room. */
exports.emitters = ({ emit: native, numbers: n, learn }) => {
  const known = new Map();
  function wordNumber(word) {
    const number = known.get(word);
    if (number !== undefined) return number;
    const given = learn(word);
    if (given !== 0) known.set(word, given);
    return given;
  }
  return {
${functions}  };
};
`;
}

function documentation(): string {
  return `# Events of the \`node\` provider

<!-- ${notice} -->

A Node.js process that runs with Storescope's preload offers these LTTng-UST events. Stream offsets count plaintext bytes from the connection's start; \`fd\` is
-1 where there is no socket (yet). Ids (\`conn_id\`, \`context\`, \`request\`) are unique in their process; 0 is none. A context is the HTTP request below which
something is done.

${eventTable("node", events)}
${evidenceText()}
\`library\`: ${Object.entries(storeLibraries)
    .map(([name, code]) => `${code} ${name}`)
    .join(", ")}.

No bodies, query strings, keys or arguments are recorded: of an HTTP request its method, host and path, of a command its name.
`;
}

/** Every generated file of the `node` provider. */
export function generateNode(): readonly GeneratedFile[] {
  return [
    { path: "instrumentation/node/native/node_tp.h", text: providerHeader("node", events, notice) },
    {
      path: "instrumentation/node/native/node_emit.h",
      text: `${emitHeader("node", events, notice)}
/* How many strings each event has. */
#define SS_NODE_STRING_COUNTS {${events.map((event) => strings(event).length).join(", ")}}
`,
    },
    { path: "instrumentation/node/hooks/emit.cjs", text: emitScript() },
    { path: "docs/events-node.md", text: documentation() },
  ];
}
