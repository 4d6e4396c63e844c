/** The steps of a request's life in the UI: their names, their colours, and whether they are waits. */
import type { PhaseWire, RequestWire } from "../../../tsp/index.ts";
import { safeColor } from "../../format/color.ts";
import { styleName } from "../../state/store.ts";

interface PhaseLook {
  readonly text: string;
  /** CSS variable. */
  readonly color: string;
}

const looks: Readonly<Record<string, PhaseLook>> = {
  "queued-for-read": { text: "Queued for read", color: "var(--phase-queued-read)" },
  read: { text: "Read", color: "var(--phase-read)" },
  "queued-behind": { text: "Queued behind others", color: "var(--phase-queued-behind)" },
  parse: { text: "Parse", color: "var(--phase-parse)" },
  "queued-for-execution": { text: "Queued for execution", color: "var(--phase-queued-execution)" },
  execute: { text: "Execute", color: "var(--phase-execute)" },
  "queued-for-write": { text: "Queued for write", color: "var(--phase-queued-write)" },
  write: { text: "Write", color: "var(--phase-write)" },
};

function lookOf(name: string): PhaseLook {
  return looks[name] ?? { text: name, color: "var(--ink-muted)" };
}

/** Styles of the time graph that show the same step, as views name them. */
function stylesOf(phase: PhaseWire, request: RequestWire): readonly string[] {
  switch (phase.name) {
    case "read":
      return ["read client", "reading"];
    case "write":
      return ["write to client", "writing"];
    case "execute":
      return [styleName(request.command), "executing"];
    default:
      return [styleName(phase.name)];
  }
}

/** The colour of a step: that of the time graph, or one of our own where the graph has none. */
export function colorOf(phase: PhaseWire, request: RequestWire, styleColors: ReadonlyMap<string, string>): string {
  for (const name of stylesOf(phase, request)) {
    const color = styleColors.get(name);
    if (color !== undefined) return safeColor(color);
  }
  return lookOf(phase.name).color;
}

/** Name of the step, with the command's own name for its execution. */
export function phaseText(phase: PhaseWire, request: RequestWire): string {
  return phase.name === "execute" ? `Execute ${request.command}` : lookOf(phase.name).text;
}

export function isWait(name: string): boolean {
  return name.startsWith("queued");
}

/** Length of a phase, or of a whole request: the difference of the times that are shown, to the nanosecond. */
export function phaseNs(phase: { readonly start: bigint; readonly end: bigint }): number {
  return Number(phase.end - phase.start);
}

/** ns of all waits, and of the execution. */
export function summarize(request: RequestWire): { readonly wait: number; readonly execute: number } {
  let wait = 0;
  let execute = 0;
  for (const phase of request.phases) {
    if (isWait(phase.name)) wait += phaseNs(phase);
    if (phase.name === "execute") execute += phaseNs(phase);
  }
  return { wait, execute };
}
