/** What an event definition becomes in an LTTng-UST provider header, whichever the provider. */
import type { EventField } from "../src/environments/definition.ts";

interface Definition {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly EventField[];
}

/** C type of a struct member, by field type. `string` is borrowed: the tracer copies it before the tracepoint returns. */
export const memberTypes = {
  u8: "uint8_t",
  u16: "uint16_t",
  u32: "uint32_t",
  s32: "int32_t",
  u64: "uint64_t",
  s64: "int64_t",
  hash: "uint64_t",
  string: "const char *",
  "u32[]": "const uint32_t *",
} as const;

function member(field: EventField): string {
  const type = memberTypes[field.type];
  const declared = `${type}${type.endsWith("*") ? "" : " "}${field.name};`;
  return field.type === "u32[]" ? `${declared} uint32_t ${field.name}_length;` : declared;
}

function tracepointField(field: EventField): string {
  switch (field.type) {
    case "string":
      return `lttng_ust_field_string(${field.name}, e->${field.name})`;
    case "hash":
      return `lttng_ust_field_integer_hex(uint64_t, ${field.name}, e->${field.name})`;
    case "u32[]":
      return `lttng_ust_field_sequence(uint32_t, ${field.name}, e->${field.name}, uint32_t, e->${field.name}_length)`;
    default:
      return `lttng_ust_field_integer(${memberTypes[field.type]}, ${field.name}, e->${field.name})`;
  }
}

/** The struct that an event takes. */
export function structure(event: Definition): string {
  return `struct ss_ev_${event.name} {\n${event.fields.map((field) => `    ${member(field)}\n`).join("")}};\n`;
}

/** The tracepoint of an event. It takes one pointer to its struct: LTTng allows at most ten arguments. */
export function tracepoint(provider: string, event: Definition): string {
  const hasFields = event.fields.length > 0;
  const args = hasFields ? `const struct ss_ev_${event.name} *, e` : "";
  const body = event.fields.map((field) => `        ${tracepointField(field)}\n`).join("");
  return `/* ${event.doc} */\nLTTNG_UST_TRACEPOINT_EVENT(${provider}, ${event.name},\n    LTTNG_UST_TP_ARGS(${args}),\n    LTTNG_UST_TP_FIELDS(${hasFields ? `\n${body}    ` : ""}))\n`;
}
