/** The command palette: type a command, a time, a request's number or a row's name. A native dialog holds the focus. */
import { Command } from "cmdk";
import { useEffect, useRef, useState } from "react";
import { decodeTimeGraphTree, type ExperimentSummary, mainView } from "../../tsp/index.ts";
import { formatTime, parseTime } from "../format/time.ts";
import { call } from "../state/client.ts";
import { useStore } from "../state/store.ts";
import { useLatest } from "../state/use-latest.ts";
import { panelOf, panelViews } from "../state/views.ts";
import { commands, panel } from "./commands.ts";

/** Most rows offered at once. */
const maxRows = 30;

export interface PaletteProps {
  readonly experiment: ExperimentSummary;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function Palette({ experiment, isOpen, onClose }: PaletteProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) {
      dialog.current?.showModal();
      // A dialog gives the focus to the first that takes it: that is what holds the list.
      dialog.current?.querySelector("input")?.focus();
    } else dialog.current?.close();
  }, [isOpen]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search and commands"
      onClose={onClose}
      onClick={(e) => {
        if (e.target === dialog.current) onClose();
      }}
    >
      {isOpen ? <PaletteBody experiment={experiment} onClose={onClose} /> : null}
    </dialog>
  );
}

function PaletteBody({ experiment, onClose }: { readonly experiment: ExperimentSummary; readonly onClose: () => void }) {
  const [text, setText] = useState("");
  const timeMode = useStore((s) => s.timeMode);
  const { origin } = experiment;
  const graph = mainView(experiment.views);
  const path =
    graph === undefined ? undefined : `tsp/api/experiments/${experiment.id}/outputs/timeGraph/${encodeURIComponent(graph.outputId)}/tree`;
  const rows = useLatest(path, (signal) => call(path ?? "", decodeTimeGraphTree, { body: { parameters: {} }, signal }));
  const wanted = text.trim().toLowerCase();
  const request = /^#?(\d{1,15})$/.exec(wanted)?.[1];
  const time = parseTime(text, origin, timeMode);
  const offered = [...panelViews(experiment).map((view) => panel(panelOf(view), view.title)), ...commands];
  const matching = offered.filter((c) => c.title.toLowerCase().includes(wanted));
  const entries =
    wanted === ""
      ? []
      : (rows.data?.model?.entries ?? [])
          .filter((e) => (e.hasData ?? false) && e.labels.join(" ").toLowerCase().includes(wanted))
          .slice(0, maxRows);
  const run = (action: () => void): void => {
    onClose();
    action();
  };
  const goTo = (at: number): void => {
    const store = useStore.getState();
    const half = (store.range.end - store.range.start) / 2;
    store.select({ time: at, entry: store.selection?.entry });
    store.setRange({ start: at - half, end: at + half });
  };
  return (
    <Command label="Search and commands" shouldFilter={false} loop>
      <Command.Input value={text} onValueChange={setText} placeholder="A command, a row, a time (20:09:29.5, 1.5ms), a request (#123)" />
      <Command.List>
        <Command.Empty>Nothing found.</Command.Empty>
        {time === undefined ? null : (
          <Command.Item value="time" onSelect={() => run(() => goTo(time))}>
            Go to {formatTime(time, origin, timeMode)}
          </Command.Item>
        )}
        {request === undefined ? null : (
          <Command.Item
            value="request"
            onSelect={() =>
              run(() => {
                useStore.getState().showRequest(Number(request));
                useStore.getState().want("request");
              })
            }
          >
            Show request #{request}
          </Command.Item>
        )}
        {entries.length === 0 ? null : (
          <Command.Group heading="Rows">
            {entries.map((e) => (
              <Command.Item
                key={e.id}
                value={`row-${e.id}`}
                onSelect={() =>
                  run(() => {
                    const store = useStore.getState();
                    if (graph !== undefined) store.want(panelOf(graph));
                    store.select({ time: store.selection?.time ?? Math.floor((store.range.start + store.range.end) / 2), entry: e.id });
                  })
                }
              >
                {e.labels.join(" ")}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {(["Move", "Panels", "Settings"] as const).map((group) => {
          const own = matching.filter((c) => c.group === group);
          return own.length === 0 ? null : (
            <Command.Group heading={group} key={group}>
              {own.map((c) => (
                <Command.Item key={c.id} value={c.id} onSelect={() => run(c.run)}>
                  <span>{c.title}</span>
                  {c.key === undefined ? null : <kbd>{c.key}</kbd>}
                </Command.Item>
              ))}
            </Command.Group>
          );
        })}
      </Command.List>
    </Command>
  );
}
