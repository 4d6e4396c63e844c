/** What the providers of services (src/environments/services.ts) have in common: their C, and their tables for people. */
import { type EventDefinition, evidence, idFields } from "../src/environments/services.ts";
import { memberTypes, structure, tracepoint } from "./provider-header.ts";

export interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

export const numbers = (event: EventDefinition) => event.fields.filter(({ type, name }) => type !== "string" && name !== "environment");
export const strings = (event: EventDefinition) => event.fields.filter(({ type }) => type === "string");
export const most = (events: readonly EventDefinition[], count: (event: EventDefinition) => number) => Math.max(...events.map(count));

export function providerHeader(provider: string, events: readonly EventDefinition[], notice: string): string {
  const guard = `SS_${provider.toUpperCase()}`;
  return `/* LTTng-UST provider \`${provider}\`. Every event takes one pointer to its struct, owned by the caller.
 * ${notice} */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER ${provider}

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./${provider}_tp.h"

#ifndef ${guard}_STRUCTS
#define ${guard}_STRUCTS
#include <stdint.h>

${events.map(structure).join("\n")}#endif

#if !defined(${guard}_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define ${guard}_TP_H

#include <lttng/tracepoint.h>

${events.map((event) => tracepoint(provider, event)).join("\n")}
#endif

#include <lttng/tracepoint-event.h>
`;
}

/** One case of the switch: each field is a number, an id, a string, or the thread's own number. */
function emitCase(provider: string, event: EventDefinition, index: number): string {
  const members = event.fields.map(({ name, type }) => {
    if (name === "environment") return `.environment = environment`;
    if (type === "string") return `.${name} = s[${strings(event).findIndex((field) => field.name === name)}]`;
    const value = `n[${numbers(event).findIndex((field) => field.name === name)}]`;
    return `.${name} = ${idFields.has(name) ? `ss_id(environment, ${value})` : `(${memberTypes[type]})${value}`}`;
  });
  return `    case ${index}: {
        struct ss_ev_${event.name} e = {
${members.map((member) => `            ${member},\n`).join("")}        };
        lttng_ust_tracepoint(${provider}, ${event.name}, &e);
        break;
    }
`;
}

export function emitHeader(provider: string, events: readonly EventDefinition[], notice: string): string {
  const prefix = `SS_${provider.toUpperCase()}`;
  return `/* From numbers and strings to a tracepoint. Included by provider.c alone.
 * ${notice} */
#define ${prefix}_NUMBERS ${most(events, (event) => numbers(event).length)}
#define ${prefix}_STRINGS ${most(events, (event) => strings(event).length)}

/* The event's numbers. */
${events.map(({ name }, index) => `#define ${prefix}_${name.toUpperCase()} ${index}\n`).join("")}
/* X(name, number) for each event. */
#define ${prefix}_EVENTS(X) ${events.map(({ name }, index) => `X(${name}, ${index})`).join(" ")}

#ifdef ${prefix}_EMIT
/* An id is unique in its environment; with its number, in the process. */
static uint64_t ss_id(uint32_t environment, double number)
{
    return number == 0 ? 0 : (uint64_t)environment << 40 | (uint64_t)number;
}

/* n and s hold the event's numbers and strings in the order of its fields, without \`environment\`. */
static void ss_emit(uint32_t event, uint32_t environment, const double *n, const char *const *s)
{
    switch (event) {
${events.map((event, index) => emitCase(provider, event, index)).join("")}    }
}
#endif
`;
}

/** The table of events for people. */
export function eventTable(provider: string, events: readonly EventDefinition[]): string {
  const rows = events.map(
    ({ name, fields, doc }) =>
      `| \`${provider}:${name}\` | ${fields.map((field) => `\`${field.name}\` ${field.type}`).join(", ")} | ${doc} |\n`,
  );
  return `| event | fields | meaning |\n|---|---|---|\n${rows.join("")}`;
}

/** What `how` means, in words. */
export function evidenceText(): string {
  const codes = Object.entries(evidence).map(([name, { code, doc }]) => `${code} ${name}, ${doc}`);
  return `\`how\` is the evidence for \`context\`: ${codes.join("; ")}.`;
}
