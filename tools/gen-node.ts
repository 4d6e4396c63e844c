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
  type EventDefinition,
  events,
  evidence,
  idFields,
  storeLibraries,
} from "../src/environments/node/events.ts";
import { memberTypes, structure, tracepoint } from "./provider-header.ts";

interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

const notice = "Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit.";
const numbers = (event: EventDefinition) => event.fields.filter(({ type, name }) => type !== "string" && name !== "environment");
const strings = (event: EventDefinition) => event.fields.filter(({ type }) => type === "string");
const most = (count: (event: EventDefinition) => number) => Math.max(...events.map(count));
const constant = (name: string) => name.toUpperCase().replaceAll("-", "_");

function providerHeader(): string {
  return `/* LTTng-UST provider \`node\`. Every event takes one pointer to its struct, owned by the caller.
 * ${notice} */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER node

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./node_tp.h"

#ifndef SS_NODE_STRUCTS
#define SS_NODE_STRUCTS
#include <stdint.h>

${events.map(structure).join("\n")}#endif

#if !defined(SS_NODE_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SS_NODE_TP_H

#include <lttng/tracepoint.h>

${events.map((event) => tracepoint("node", event)).join("\n")}
#endif

#include <lttng/tracepoint-event.h>
`;
}

/** One case of the switch: each field is a number, an id, a string, or the thread's own number. */
function emitCase(event: EventDefinition, index: number): string {
  const members = event.fields.map(({ name, type }) => {
    if (name === "environment") return `.environment = environment`;
    if (type === "string") return `.${name} = s[${strings(event).findIndex((field) => field.name === name)}]`;
    const value = `n[${numbers(event).findIndex((field) => field.name === name)}]`;
    return `.${name} = ${idFields.has(name) ? `ss_id(environment, ${value})` : `(${memberTypes[type]})${value}`}`;
  });
  return `    case ${index}: {
        struct ss_ev_${event.name} e = {
${members.map((member) => `            ${member},\n`).join("")}        };
        lttng_ust_tracepoint(node, ${event.name}, &e);
        break;
    }
`;
}

function emitHeader(): string {
  return `/* From numbers and strings to a tracepoint. Included by provider.c alone.
 * ${notice} */
#define SS_NODE_NUMBERS ${most((event) => numbers(event).length)}
#define SS_NODE_STRINGS ${most((event) => strings(event).length)}
#define SS_NODE_LOOP_ITERATION ${events.findIndex(({ name }) => name === "loop_iteration")}

/* X(name, number) for each event. */
#define SS_NODE_EVENTS(X) ${events.map(({ name }, index) => `X(${name}, ${index})`).join(" ")}

#ifdef SS_NODE_EMIT
/* An id is unique in its thread of JavaScript; with the thread's number, in the process. */
static uint64_t ss_id(uint32_t environment, double number)
{
    return number == 0 ? 0 : (uint64_t)environment << 40 | (uint64_t)number;
}

/* n and s hold the event's numbers and strings in the order of its fields, without \`environment\`. */
static void ss_emit(uint32_t event, uint32_t environment, const double *n, const char *const *s)
{
    switch (event) {
${events.map(emitCase).join("")}    }
}
#endif
`;
}

function emitScript(): string {
  const functions = events
    .map((event, index) => {
      const names = [...numbers(event), ...strings(event)].map(({ name }) => name);
      const stores = numbers(event)
        .map(({ name }, at) => `      n[${at}] = ${name};\n`)
        .join("");
      return `    ${event.name}(${names.join(", ")}) {
${stores}      native(${[index, ...strings(event).map(({ name }) => name)].join(", ")});
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
    constants("DATABASE_LIBRARY", databaseLibraries) + constants("DATABASE", databaseKinds) + constants("CONTEXT", contextKinds);
  return `// One function per event: numbers first, then strings, in the order of the definition. Numbers travel in an array that the addon shares (cheaper than
// arguments), strings as arguments. ${notice}
"use strict";

/** Bit of each event in the mask of those that a session records. */
exports.bits = {
${bits}};
exports.numbers = ${most((event) => numbers(event).length)};
${hows}${libraries}${kinds}
/** The emitters over the addon's function \`native\` and the array \`n\` shared with it. */
exports.emitters = (native, n) => {
  return {
${functions}  };
};
`;
}

function documentation(): string {
  const rows = events
    .map(
      (event) => `| \`node:${event.name}\` | ${event.fields.map(({ name, type }) => `\`${name}\` ${type}`).join(", ")} | ${event.doc} |\n`,
    )
    .join("");
  return `# Events of the \`node\` provider

<!-- ${notice} -->

A Node.js process that runs with Storescope's preload offers these LTTng-UST events. Stream offsets count plaintext bytes from the connection's start; \`fd\` is
-1 where there is no socket (yet). Ids (\`conn_id\`, \`context\`, \`request\`) are unique in their process; 0 is none. A context is the HTTP request below which
something is done.

| event | fields | meaning |
|---|---|---|
${rows}
\`how\` is the evidence for \`context\`: ${Object.entries(evidence)
    .map(([name, { code, doc }]) => `${code} ${name}, ${doc}`)
    .join("; ")}.
\`library\`: ${Object.entries(storeLibraries)
    .map(([name, code]) => `${code} ${name}`)
    .join(", ")}.

No bodies, query strings, keys or arguments are recorded: of an HTTP request its method, host and path, of a command its name.
`;
}

/** Every generated file of the `node` provider. */
export function generateNode(): readonly GeneratedFile[] {
  return [
    { path: "instrumentation/node/native/node_tp.h", text: providerHeader() },
    { path: "instrumentation/node/native/node_emit.h", text: emitHeader() },
    { path: "instrumentation/node/hooks/emit.cjs", text: emitScript() },
    { path: "docs/events-node.md", text: documentation() },
  ];
}
