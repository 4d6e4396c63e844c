/**
 * Generates what the `redis` provider's C side and its documentation say about events from the one definition, src/environments/redis/events.ts:
 *
 *     instrumentation/redis/provider/redis_tp.h   the LTTng-UST provider: one struct and one tracepoint per event
 *     instrumentation/redis/provider/records.h    kinds, flags, lengths and sets of the batch records
 *     docs/events.md                              the reference for people
 *
 * Pure: it returns the files' texts. tools/gen-provider.mjs writes or compares them.
 */
import { callFlags, connectionKinds, events, housekeepingKinds, records } from "../src/environments/redis/events.ts";
import { structure, tracepoint } from "./provider-header.ts";

export interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

const notice = "Generated from src/environments/redis/events.ts by tools/gen-provider.ts. Do not edit.";

function providerHeader(): string {
  return `/* LTTng-UST provider \`redis\`. Every event takes one pointer to its struct, owned by the caller: LTTng allows at most ten arguments.
 * ${notice} */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER redis

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./redis_tp.h"

#ifndef SS_EVENT_STRUCTS
#define SS_EVENT_STRUCTS
#include <stdint.h>

${events
  .filter((event) => event.fields.length > 0)
  .map(structure)
  .join("\n")}
/* X(name) for each event, by the sets that enable it. */
#define SS_EVENTS_EVERY(X) ${events
    .filter((event) => event.sets.length === 3)
    .map((event) => `X(${event.name})`)
    .join(" ")}
#define SS_EVENTS_CLASSIC(X) ${events
    .filter((event) => event.sets.length === 1 && event.sets.includes("classic"))
    .map((event) => `X(${event.name})`)
    .join(" ")}
#endif

#if !defined(SS_REDIS_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SS_REDIS_TP_H

#include <lttng/tracepoint.h>

${events.map((event) => tracepoint("redis", event)).join("\n")}
#endif

#include <lttng/tracepoint-event.h>
`;
}

const constant = (name: string): string => name.replace(/[^a-z0-9]+/gi, "_").toUpperCase();

function recordsHeader(): string {
  const kinds = records
    .map((record) => `    SS_R_${constant(record.name)} = ${record.kind}, /* ${record.words.join(" ") || "-"} */\n`)
    .join("");
  const length = Math.max(...records.map((record) => record.kind)) + 1;
  const byKind = (value: (record: (typeof records)[number]) => number): string =>
    records.map((record) => `    [${record.kind}] = ${value(record)},\n`).join("");
  return `/* Records of the batch buffers (events \`commands\` and \`steps\`).
 * ${notice} */
#ifndef SS_RECORDS_H
#define SS_RECORDS_H
#include <stdint.h>

/* A record is 32-bit words:
 *
 *   31            16 15      8 7        0
 *  +----------------+---------+----------+
 *  |      aux       |  flags  |   kind   |  word 0
 *  +----------------+---------+----------+
 *  |  time: ticks after the batch's base |  word 1
 *  +-------------------------------------+
 *  |      as the comments below say      |  word 2 ..
 *  +-------------------------------------+
 */
enum ss_record_kind {
${kinds}    SS_R_KINDS = ${length}
};

enum ss_call_flag {
${Object.entries(callFlags)
  .map(([name, value]) => `    SS_CALL_${constant(name.replace(/([A-Z])/g, "_$1"))} = ${value}`)
  .join(",\n")}
};

enum ss_connection_kind {
${connectionKinds.map((name, index) => `    SS_KIND_${constant(name)} = ${index}`).join(",\n")}
};

enum ss_housekeeping {
${housekeepingKinds.map((name, index) => `    SS_H_${constant(name)} = ${index}`).join(",\n")}
};

#define SS_SET_LIGHT 1
#define SS_SET_FULL 2

/* Words of a record, the two that all have included; 0: no such kind. */
static const uint8_t ss_record_length[SS_R_KINDS] = {
${byKind((record) => record.words.length + 2)}};

/* Sets a record belongs to. */
static const uint8_t ss_record_sets[SS_R_KINDS] = {
${byKind((record) => (record.sets.includes("light") ? 1 : 0) | (record.sets.includes("full") ? 2 : 0))}};

#endif
`;
}

function documentation(): string {
  const eventRows = events
    .map((event) => {
      const carried = event.fields.map((field) => `\`${field.name}\` ${field.type}`).join(", ") || "none";
      const sets = event.sets.length === 3 ? "all" : event.sets.join(", ");
      return `| \`redis:${event.name}\` | ${sets} | ${carried} | ${event.doc} |\n`;
    })
    .join("");
  const recordRows = records
    .map((record) => {
      const sets = record.sets.map((set) => set[0]?.toUpperCase()).join(" ");
      return `| ${record.kind} | \`${record.name}\` | ${sets} | ${record.aux} | ${record.flags} | ${record.words.join(", ")} | ${record.doc} |\n`;
    })
    .join("");
  return `# Events of the \`redis\` provider

<!-- ${notice} -->

The instrumented store offers these LTTng-UST events. \`storescope record --events\` enables one of three sets:
\`light\` (batched, one record per command and read), \`full\` (batched, every step), \`classic\` (every step an LTTng event of its own).
Stream offsets count plaintext bytes from the connection's start; \`fd\` is -1 where there is no socket. Times inside batches are explained below.

| event | sets | fields | meaning |
|---|---|---|---|
${eventRows}
Kinds of connection: ${connectionKinds.map((kind, index) => `${index} ${kind}`).join(", ")}.
The \`list\` of a removal is 65535 when the client went onto no list, because it is about to be closed.

## Batches

\`commands\` and \`steps\` carry \`words\`: records of one thread, in the order in which they ended. \`base_ticks\` and \`base_ns\` were read together when the
thread's previous batch was sent (or when the first record came after a long rest), \`end_ticks\` and \`end_ns\` when this one was. Ticks are the processor's
time-stamp counter where it runs at a constant rate, nanoseconds otherwise; ns are CLOCK_MONOTONIC, as LTTng's own times are. So a record's time is
\`base_ns + time * (end_ns - base_ns) / (end_ticks - base_ticks)\`.

    word 0   kind (bits 0-7) | flags (8-15) | aux (16-31)
    word 1   time in ticks after base_ticks; of the END where the record has a duration
    word 2.. as the table says

Connection ids, link ids and offsets are their low 32 bits; counts that do not fit are saturated. A record without a \`conn\` word belongs to the connection of
the latest record before it, in the same batch, that had one. An io thread sends its batch before it reports its work as done, hence before the main
thread sends its own batch of that iteration.

| kind | record | sets | aux | flags | words | meaning |
|---|---|---|---|---|---|---|
${recordRows}
Call flags: bits 0-1 nesting depth (saturated at 3), ${Object.entries(callFlags)
    .filter(([name]) => name !== "nestingMask")
    .map(([name, value]) => `${value} ${name}`)
    .join(", ")}.
Housekeeping kinds: ${housekeepingKinds.map((kind, index) => `${index} ${kind}`).join(", ")}.
`;
}

/** Every generated file of the `redis` provider. */
export function generateProvider(): readonly GeneratedFile[] {
  return [
    { path: "instrumentation/redis/provider/redis_tp.h", text: providerHeader() },
    { path: "instrumentation/redis/provider/records.h", text: recordsHeader() },
    { path: "docs/events.md", text: documentation() },
  ];
}
