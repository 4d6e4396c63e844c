/** The page: finds the experiment, waits for its analysis, keeps the address in step, and puts the parts together. */
import { useCallback, useEffect, useState } from "react";
import { decodeAnalysisStatus, decodeExperiment, type ExperimentSummary } from "../../tsp/index.ts";
import { Overview } from "../renderers/overview/overview.tsx";
import { call } from "../state/client.ts";
import { useStore } from "../state/store.ts";
import { formatFragment } from "../state/url.ts";
import { Message } from "../widgets/message.tsx";
import { applyAddress, openAnalysed, takeListed } from "./begin.ts";
import { commandOf, isTyping } from "./commands.ts";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { Palette } from "./palette.tsx";
import { Panels } from "./panels.tsx";
import { StatusBar } from "./status-bar.tsx";

/** How often the analysis is asked how far it is, ms. */
const pollMs = 300;
/** The address follows the view after this long without a change, ms. */
const addressDelayMs = 200;

type Phase =
  | { readonly state: "loading" }
  | { readonly state: "none" }
  | { readonly state: "failed"; readonly title: string; readonly text: string }
  | { readonly state: "analysing"; readonly done: number; readonly total: number }
  | { readonly state: "ready" };

export function App() {
  const [experiments, setExperiments] = useState<readonly ExperimentSummary[]>([]);
  const [chosen, setChosen] = useState<ExperimentSummary | undefined>(undefined);
  const [phase, setPhase] = useState<Phase>({ state: "loading" });
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const experiment = useStore((s) => s.experiment);

  const load = useCallback(async (): Promise<void> => {
    setPhase({ state: "loading" });
    try {
      const { all, chosen: first } = await takeListed();
      setExperiments(all);
      if (first === undefined) setPhase({ state: "none" });
      setChosen(first);
    } catch (error) {
      setPhase({ state: "failed", title: "The traces cannot be listed", text: error instanceof Error ? error.message : String(error) });
    }
  }, []);
  useEffect(() => {
    void load();
  }, [load]);

  // Analysis: start it, follow it, then open the experiment.
  useEffect(() => {
    if (chosen === undefined) return;
    const abort = new AbortController();
    const run = async (): Promise<void> => {
      const path = `api/experiments/${chosen.id}/analysis`;
      // What was analysed before the page came has been told whole.
      const wasDone = chosen.status.state === "completed";
      let status = wasDone ? chosen.status : await call(path, decodeAnalysisStatus, { body: {}, signal: abort.signal });
      while (status.state === "idle" || status.state === "running") {
        setPhase({ state: "analysing", done: status.done ?? 0, total: status.total ?? 0 });
        await new Promise((resolve) => setTimeout(resolve, pollMs));
        status = await call(path, decodeAnalysisStatus, { signal: abort.signal });
      }
      if (status.state === "failed") {
        setPhase({
          state: "failed",
          title: `The trace “${chosen.name}” could not be analysed`,
          text: `${status.message ?? ""}${status.code === undefined ? "" : ` (${status.code})`}`,
        });
        return;
      }
      const done = wasDone ? chosen : await call(`api/experiments/${chosen.id}`, decodeExperiment, { signal: abort.signal });
      openAnalysed(done);
      setPhase({ state: "ready" });
    };
    run().catch((error: unknown) => {
      if (!abort.signal.aborted)
        setPhase({
          state: "failed",
          title: "The analysis cannot be followed",
          text: error instanceof Error ? error.message : String(error),
        });
    });
    return () => abort.abort();
  }, [chosen]);

  // The address follows the view, and the view the address (back, forward, an edited link).
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = (): void => {
      const fragment = formatFragment(useStore.getState());
      if (fragment !== "" && `#${fragment}` !== location.hash) history.replaceState(null, "", `#${fragment}`);
    };
    const unsubscribe = useStore.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(write, addressDelayMs);
    });
    const onHash = (): void => applyAddress(location.hash);
    addEventListener("hashchange", onHash);
    return () => {
      unsubscribe();
      clearTimeout(timer);
      removeEventListener("hashchange", onHash);
    };
  }, []);

  const isReady = phase.state === "ready" && experiment !== undefined;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!isReady) return;
      const isFree =
        !isTyping(event.target) && document.querySelector("dialog[open]") === null && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (isFree && event.key === "/") setPaletteOpen(true);
      else if (isFree && event.key === "?") setHelpOpen(true);
      else {
        const command = commandOf(event);
        if (command === undefined) return;
        command.run();
      }
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [isReady]);

  return (
    <div className="app">
      <Header
        experiments={experiments}
        experiment={isReady ? experiment : undefined}
        onOpen={setChosen}
        onSearch={() => setPaletteOpen(true)}
        onHelp={() => setHelpOpen(true)}
      />
      {isReady ? (
        <>
          <Overview experiment={experiment} key={`overview-${experiment.id}`} />
          <Panels experiment={experiment} key={experiment.id} />
          <StatusBar experiment={experiment} />
          <Palette experiment={experiment} isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
        </>
      ) : (
        <main className="startup">
          <Startup phase={phase} name={chosen?.name ?? ""} onRetry={() => void load()} />
        </main>
      )}
      <Help isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}

function Startup({ phase, name, onRetry }: { readonly phase: Phase; readonly name: string; readonly onRetry: () => void }) {
  switch (phase.state) {
    case "loading":
    case "ready":
      return <Message title="Opening…" text="" />;
    case "none":
      return <Message title="No trace is open" text="Start Storescope with a trace: storescope open TRACE" />;
    case "failed":
      return (
        <Message
          title={phase.title}
          text={phase.text}
          action={
            <button type="button" className="button" onClick={onRetry}>
              Try again
            </button>
          }
        />
      );
    case "analysing": {
      const percent = phase.total > 0 ? Math.floor((phase.done / phase.total) * 100) : undefined;
      return (
        <Message
          title={`Analysing ${name}`}
          text="Reading the trace and building its state history. This is done once; the next time it opens at once."
          action={
            <div className="progress">
              <progress aria-label="Analysis" max={100} value={percent} />
              <span className="is-mono">{percent === undefined ? "" : `${percent} %`}</span>
            </div>
          }
        />
      );
    }
  }
}
