/**
 * Environments: the runtimes whose events Storescope knows. One folder each; `id` equals the folder's name.
 * An environment knows its events (as data), recognises them in a trace, and decodes them; analyses know what they mean.
 */
import type { RelativeNs } from "../base/index.ts";
import type { TraceSource } from "../trace/index.ts";

/** One runtime. */
export interface Environment {
  readonly id: string;
  readonly title: string;
  /** Whether this trace holds events of the runtime. */
  detect(source: TraceSource): boolean;
  /** Named sets of LTTng-UST event names that `storescope record` can enable; the first is the default. */
  readonly eventSets: Readonly<Record<string, readonly string[]>>;
  /** Messages that its processes exchange, for synchronising clocks; absent where it knows none. Yields bytes read so far. Cost: reads the whole trace. */
  readonly messageEnds?: (source: TraceSource) => AsyncGenerator<number, MessageEnds>;
}

/** Messages by the stream that carried them, then by where they ended in it: when each was sent, and when it was received, in ns of the source. */
export interface MessageEnds {
  readonly sent: ReadonlyMap<string, ReadonlyMap<number, RelativeNs>>;
  readonly received: ReadonlyMap<string, ReadonlyMap<number, RelativeNs>>;
}

/** Runtimes of services, by their id, which is their LTTng-UST provider, too: they tell what services.ts defines. */
export const serviceRuntimes: readonly string[] = ["node", "python"];
