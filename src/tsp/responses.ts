/** The protocol's answers that Storescope's own web UI reads, decoded: trees, styles, tooltips and curves. */
import { type Decoded, type Decoder, flag, index, int64, list, number, numbers, object, oneOf, optional, record, text } from "./decode.ts";

const status = oneOf("RUNNING", "COMPLETED", "FAILED", "CANCELLED");

function response<T>(
  model: Decoder<T>,
): Decoder<{ readonly model: T | undefined; readonly status: Decoded<typeof status>; readonly statusMessage: string }> {
  return object({ model: optional(model), status, statusMessage: text });
}

const metadataValue: Decoder<string | number> = (value, where) => (typeof value === "string" ? value : number(value, where));

const timeGraphEntry = object({
  id: index,
  parentId: optional(number),
  labels: list(text),
  start: int64,
  end: int64,
  hasData: optional(flag),
  metadata: optional(record(list(metadataValue))),
});

export const decodeTimeGraphTree = response(
  object({ entries: list(timeGraphEntry), headers: list(object({ name: text })), autoExpandLevel: optional(number) }),
);

const styleValue: Decoder<string | number> = (value, where) => (typeof value === "string" ? value : number(value, where));
export const decodeStyles = response(object({ styles: record(object({ parentKey: optional(text), values: record(styleValue) })) }));

export const decodeTooltip = response(record(text));

export const decodeDataTree = response(
  object({
    entries: list(object({ id: index, parentId: optional(number), labels: list(text) })),
    headers: list(object({ name: text, dataType: text })),
  }),
);

export const decodeXyTree = response(
  object({
    entries: list(
      object({ id: index, parentId: optional(number), labels: list(text), hasData: optional(flag), isDefault: optional(flag) }),
    ),
  }),
);

export const decodeXy = response(
  object({
    title: text,
    series: list(
      object({
        seriesId: number,
        seriesName: text,
        xValues: list(int64),
        yValues: numbers,
        style: object({ values: record(styleValue) }),
        yValuesDescription: object({ label: text, unit: text }),
      }),
    ),
  }),
);
