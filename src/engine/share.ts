/**
 * A share of an analysis: what one thread does, and the joining of what all have done (analyses/contract.ts says why).
 *
 *     share 0 of 2   handle() per event ... finish() -> parts 0, 2, 4, 6 and outcomes \
 *                                                                                      joinShares -> the history
 *     share 1 of 2   handle() per event ... finish() -> parts 1, 3, 5, 7 and outcomes /
 *
 * With one share it is the same, so the history does not depend on how many there were. Part p belongs to share p modulo their number. What belongs to no
 * part (analyses that are not shared, what a join makes) is written to a last part, by share 0 and the join, which run in the same thread.
 */
import { type Analysis, type AnalysisRun, type IntegrationOffer, partCount, type ShareRun, type SpoolEnd } from "../analyses/contract.ts";
import type { RelativeNs } from "../base/index.ts";
import { createHistoryPart, type HistoryPart, joinHistoryParts, type Packer } from "../state/index.ts";
import type { EventCursor, TraceSource } from "../trace/index.ts";
import { environments } from "./registry/environments.gen.ts";
import { closeSpool, FileSpool, FileSpoolRows } from "./spool.ts";

export interface ShareSetup {
  readonly analyses: readonly Analysis[];
  readonly source: TraceSource;
  readonly cursor: EventCursor;
  /** Where the history will be. */
  readonly directory: string;
  readonly index: number;
  readonly count: number;
  /** The last part; for share 0 alone. */
  readonly rest?: HistoryPart | undefined;
  /** Has parts packed elsewhere; here, where absent. */
  readonly packerOf?: ((path: string) => Packer) | undefined;
  /** Told of each part's file when it is made. */
  readonly onPart?: ((path: string) => void) | undefined;
}

/** What a share leaves. Can be sent between threads. */
export interface ShareResult {
  readonly parts: readonly { readonly part: number; readonly path: string }[];
  /** One per analysis; undefined where it is not shared, or found nothing. */
  readonly outcomes: readonly unknown[];
  readonly spools: readonly SpoolEnd[];
}

export class Share {
  private readonly parts = new Map<number, HistoryPart>();
  private readonly spools: FileSpool[] = [];
  private readonly runs: readonly (AnalysisRun | ShareRun<unknown> | undefined)[];
  private readonly handlers: readonly (AnalysisRun | ShareRun<unknown>)[];
  private readonly setup: ShareSetup;
  private readonly isIntegrated: boolean;

  constructor(setup: ShareSetup) {
    this.setup = setup;
    this.isIntegrated = environments.filter((environment) => environment.detect(setup.source)).length > 1;
    this.runs = setup.analyses.map((analysis) => this.start(analysis));
    this.handlers = this.runs.filter((run) => run !== undefined);
  }

  private start(analysis: Analysis): AnalysisRun | ShareRun<unknown> | undefined {
    const { source, cursor, directory, index, count, rest } = this.setup;
    if ("start" in analysis) return rest === undefined ? undefined : analysis.start({ source, cursor, writer: rest });
    return analysis.startShare({
      source,
      cursor,
      owns: (part) => part % count === index && part < partCount,
      writer: (part) => this.part(part),
      isIntegrated: this.isIntegrated,
      spool: (width) => {
        const spool = new FileSpool(directory, width);
        this.spools.push(spool);
        return spool;
      },
    });
  }

  private part(number: number): HistoryPart {
    let part = this.parts.get(number);
    if (part === undefined) {
      part = createHistoryPart(this.setup.directory, this.setup.packerOf);
      this.parts.set(number, part);
      this.setup.onPart?.(part.path);
    }
    return part;
  }

  /** Takes the cursor's current event. */
  handle(): void {
    const { handlers } = this;
    for (let i = 0; i < handlers.length; i++) handlers[i]?.handle();
  }

  /** After the last event; `end` is its time. */
  finish(end: RelativeNs): ShareResult {
    const outcomes = this.runs.map((run) => run?.finish(end) as unknown);
    for (const part of this.parts.values()) part.finish(end);
    return {
      parts: [...this.parts].map(([part, { path }]) => ({ part, path })),
      outcomes,
      spools: this.spools.map((spool) => spool.end()),
    };
  }

  /** Removes what was written. */
  abort(): void {
    for (const part of this.parts.values()) part.abort();
    for (const spool of this.spools) closeSpool(spool.end());
  }
}

/** Makes the history of what all shares left. `rest` is the last part. */
export function joinShares(
  results: readonly ShareResult[],
  setup: Pick<ShareSetup, "analyses" | "source" | "directory"> & { readonly rest: HistoryPart; readonly identity: string },
  end: RelativeNs,
): void {
  const { analyses, source, directory, identity, rest } = setup;
  try {
    const offers: IntegrationOffer[] = [];
    const shared = analyses.filter((analysis) => "join" in analysis);
    const takers = shared.filter((analysis) => analysis.takesOffers);
    for (const analysis of [...shared.filter((each) => !takers.includes(each)), ...takers]) {
      const i = analyses.indexOf(analysis);
      const outcomes = results.map((result) => result.outcomes[i]).filter((outcome) => outcome !== undefined);
      if (outcomes.length > 0) analysis.join(outcomes, { source, writer: rest, rows: (spool) => new FileSpoolRows(spool), offers });
    }
    rest.finish(end);
    const parts = results.flatMap((result) => result.parts).sort((left, right) => left.part - right.part);
    joinHistoryParts(directory, { identity }, [...parts.map(({ path }) => path), rest.path]);
  } finally {
    for (const result of results) for (const spool of result.spools) closeSpool(spool);
  }
}
