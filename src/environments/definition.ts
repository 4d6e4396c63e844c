/** How events are written down as data, for every runtime: a name, its fields, and what it means. Providers and documents are generated from it. */

/** Types of event fields. `hash` is a u64 shown in hex. */
export type FieldType = "u8" | "u16" | "u32" | "s32" | "u64" | "s64" | "hash" | "string" | "u32[]";

export interface EventField {
  readonly name: string;
  readonly type: FieldType;
}

/** Fields from text such as `u64 conn_id, s32 fd`. */
export function fields(text: string): readonly EventField[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [type, name] = part.split(" ");
      return { type: type as FieldType, name: name as string };
    });
}
