/** The steps of a request's life in the UI: their names, their colours, and whether they are waits. */
import type { PhaseWire, RequestWire } from "../../../tsp/index.ts";

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

export function lookOf(name: string): PhaseLook {
  return looks[name] ?? { text: name, color: "var(--ink-muted)" };
}

/** Name of the step, with the command's own name for its execution. */
export function phaseText(phase: PhaseWire, request: RequestWire): string {
  return phase.name === "execute" ? `Execute ${request.command}` : lookOf(phase.name).text;
}

export function isWait(name: string): boolean {
  return name.startsWith("queued");
}

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
