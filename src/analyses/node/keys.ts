/**
 * Public names of what the `node` analysis writes.
 *
 *     Node/<process>/
 *       EventLoop    number: ns that callbacks held the loop in this iteration
 *       GC           text: kind of the garbage collection
 */
import type { RelativeNs } from "../../base/index.ts";

export const root = "Node";

export const resources = { eventLoop: "EventLoop", gc: "GC" } as const;

/** Values of GC, by the kind that V8 gives it. */
export const gcKinds: Readonly<Record<number, string>> = {
  1: "scavenge",
  2: "minor mark-sweep",
  4: "mark-sweep-compact",
  8: "incremental marking",
  16: "weak callbacks",
};

export const documents = { untraced: "node-untraced" } as const;

/** The `node-untraced` document: threads of which, from then on, nothing was told, because something of the tracer's own failed in them. */
export interface UntracedThread {
  /** Of the stream that told of it. */
  readonly stream: number;
  readonly name: string;
  readonly time: RelativeNs;
  readonly reason: string;
}
