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
import {
  contextKinds,
  databaseKinds,
  databaseLibraries,
  events,
  happenedField,
  requestEnds,
  storeLibraries,
} from "../src/environments/node/events.ts";
import { type EventDefinition, evidence } from "../src/environments/services.ts";
import { emitHeader, eventTable, evidenceText, type GeneratedFile, most, numbers, providerHeader, strings } from "./service-provider.ts";

const notice = "Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit.";
const constant = (name: string) => name.toUpperCase().replaceAll("-", "_");

/** Strings of which an application has few: each is converted once, and told by its number from then on. */
const wordFields: ReadonlySet<string> = new Set(["method", "host", "name", "route"]);

/** Room of the queue: some hundred events, which stay in the processor's nearest cache. */
const queueNumbers = 1024;
const queueBytes = 8192;
/** Longer texts are cut: host names and paths are shorter. */
const mostTextBytes = 511;

const mostStrings = most(events, (event) => strings(event).length);
/** The event's number, its own, and one for each string. */
const recordNumbers = (event: EventDefinition) => 1 + numbers(event).length + strings(event).length;

function emitter(event: EventDefinition, index: number): string {
  const own = numbers(event).map(({ name }) => name);
  const texts = strings(event).map(({ name }) => name);
  const isTimed = own.includes(happenedField);
  const parameters = [...own.filter((name) => name !== happenedField), ...texts, ...(isTimed ? ["happened = now()"] : [])];
  const values = [
    `${index}`,
    ...own.map((name) => (name === happenedField ? "happened" : name)),
    ...texts.map((name) => `${wordFields.has(name) ? "word" : "text"}(${name})`),
  ];
  const stores = values.map((value, at) => `      n[at${at === 0 ? "" : ` + ${at}`}] = ${value};\n`).join("");
  return `    ${event.name}(${parameters.join(", ")}) {
      let at = used[0];
      if (at > lastNumber${texts.length > 0 ? " || used[1] > lastText" : ""}) at = makeRoom();
${stores}      used[0] = at + ${values.length};
      if (isTelling) tell();
    },
`;
}

function emitScript(): string {
  const functions = events.map(emitter).join("");
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
  return `// One function per event: numbers first, then strings, in the order of the definition, and last the time (ms) where that is not now. Each writes a record into the queue that the addon shares:
//
//     event's number | its numbers, the last of which is the time | for each string: the number of a word that the addon knows, or -length of the next text
//
// The addon tells what is in it when the event loop turns, and when it is full. ${notice}
"use strict";

/** Bit of each event in the mask of those that a session records. */
exports.bits = {
${bits}};
${hows}${libraries}${kinds}
/**
 * The emitters over the addon: \`queue\`, the memory shared with it (used numbers and bytes, numbers, bytes of texts), \`tell\`, which empties it, \`learn\`, which
 * gives a word a number as long as there is room, and \`setClock\`, which is told the time by the clock \`now\` (ms). \`tellAtOnce(isOn)\`: without any queueing.
 */
exports.emitters = ({ queue, tell, learn, setClock }, now) => {
  const used = new Int32Array(queue, 0, 2);
  const n = new Float64Array(queue, 8, ${queueNumbers});
  const bytes = new Uint8Array(queue, ${8 + 8 * queueNumbers}, ${queueBytes});
  const lastNumber = ${queueNumbers - most(events, recordNumbers)};
  const lastText = ${queueBytes - mostStrings * (mostTextBytes + 1)};
  const encoder = new TextEncoder();
  const known = new Map();
  let isTelling = false;
  // The first calls take longer than the others.
  for (let i = 0; i < 5; i++) setClock(now());

  function makeRoom() {
    tell();
    return used[0];
  }
  function word(string) {
    const number = known.get(string);
    if (number !== undefined) return number;
    const given = learn(string);
    if (given === 0) return text(string);
    known.set(string, given);
    return given;
  }
  /** What is no string becomes an empty one. */
  function text(string) {
    const start = used[1];
    const length = typeof string === "string" ? Math.min(string.length, ${mostTextBytes}) : 0;
    for (let i = 0; i < length; i++) {
      const code = string.charCodeAt(i);
      if (code > 127) return encoded(string, start);
      bytes[start + i] = code;
    }
    return finish(start, length);
  }
  function encoded(string, start) {
    return finish(start, encoder.encodeInto(string, bytes.subarray(start, start + ${mostTextBytes})).written);
  }
  function finish(start, length) {
    bytes[start + length] = 0;
    used[1] = start + length + 1;
    return -length;
  }
  const emit = {
${functions}  };
  return {
    emit,
    tellAtOnce(isOn) {
      isTelling = isOn;
    },
  };
};
`;
}

function documentation(): string {
  return `# Events of the \`node\` provider

<!-- ${notice} -->

A Node.js process that runs with Storescope's preload offers these LTTng-UST events. Stream offsets count plaintext bytes from the connection's start; \`fd\` is
-1 where there is no socket (yet). A thread keeps its events until its event loop turns, which tells them together: \`at_ns\` (CLOCK_MONOTONIC) is when each happened. Ids (\`conn_id\`, \`context\`, \`request\`) are unique in their process; 0 is none. A context is the HTTP request below which
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
/* How many numbers and strings each event has; the last of the numbers is the time. */
#define SS_NODE_NUMBER_COUNTS {${events.map((event) => numbers(event).length).join(", ")}}
#define SS_NODE_STRING_COUNTS {${events.map((event) => strings(event).length).join(", ")}}

/* Room of the queue. */
#define SS_NODE_QUEUE_NUMBERS ${queueNumbers}
#define SS_NODE_QUEUE_BYTES ${queueBytes}
`,
    },
    { path: "instrumentation/node/hooks/emit.cjs", text: emitScript() },
    { path: "docs/events-node.md", text: documentation() },
  ];
}
