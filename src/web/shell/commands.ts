/** What keys, buttons and the palette can do: one list, so that they cannot drift apart. */
import type { PanelId } from "../state/store.ts";
import { useStore } from "../state/store.ts";
import { useTheme } from "../state/theme.ts";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** As shown, and as compared with `KeyboardEvent.key` (letters without case). */
  readonly key?: string;
  readonly group: "Move" | "Panels" | "Settings";
  readonly run: () => void;
}

const zoomStep = 1.5;

/** Brings a panel forward. */
export function panel(id: PanelId, title: string): Command {
  return { id: `panel-${id}`, title: `Show ${title}`, group: "Panels", run: () => useStore.getState().want(id) };
}

export const commands: readonly Command[] = [
  { id: "zoom-in", title: "Zoom in", key: "W", group: "Move", run: () => useStore.getState().zoom(1 / zoomStep) },
  { id: "zoom-out", title: "Zoom out", key: "S", group: "Move", run: () => useStore.getState().zoom(zoomStep) },
  { id: "pan-left", title: "Move left", key: "A", group: "Move", run: () => useStore.getState().pan(-0.2) },
  { id: "pan-right", title: "Move right", key: "D", group: "Move", run: () => useStore.getState().pan(0.2) },
  { id: "fit", title: "Fit the selection", key: "F", group: "Move", run: () => useStore.getState().fitSelection() },
  { id: "full", title: "Show the whole trace", key: "0", group: "Move", run: () => useStore.getState().showAll() },
  { id: "clear", title: "Clear the selection", key: "Escape", group: "Move", run: () => useStore.getState().select(undefined) },
  panel("findings", "Findings"),
  panel("events", "Events"),
  panel("requests", "Requests"),
  panel("statistics", "Statistics"),
  panel("request", "Request details"),
  { id: "time-local", title: "Times as wall clock, local zone", group: "Settings", run: () => useStore.getState().setTimeMode("local") },
  { id: "time-utc", title: "Times as wall clock, UTC", group: "Settings", run: () => useStore.getState().setTimeMode("utc") },
  { id: "time-relative", title: "Times since the start", group: "Settings", run: () => useStore.getState().setTimeMode("relative") },
  { id: "theme-light", title: "Light theme", group: "Settings", run: () => useTheme.getState().choose("light") },
  { id: "theme-dark", title: "Dark theme", group: "Settings", run: () => useTheme.getState().choose("dark") },
  { id: "theme-system", title: "Theme of the system", group: "Settings", run: () => useTheme.getState().choose("system") },
];

/** The command of a key press; undefined while the user types or a dialog is open. */
export function commandOf(event: KeyboardEvent): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return undefined;
  return commands.find((c) => c.key !== undefined && c.key.toLowerCase() === event.key.toLowerCase());
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
