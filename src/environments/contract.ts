/**
 * Environments: the runtimes whose events Storescope knows. One folder each; `id` equals the folder's name.
 * An environment knows its events (as data), recognises them in a trace, and decodes them; analyses know what they mean.
 */
import type { TraceSource } from "../trace/index.ts";

/** One runtime. */
export interface Environment {
  readonly id: string;
  readonly title: string;
  /** Whether this trace holds events of the runtime. */
  detect(source: TraceSource): boolean;
  /** Named sets of LTTng-UST event names that `storescope record` can enable; the first is the default. */
  readonly eventSets: Readonly<Record<string, readonly string[]>>;
}
