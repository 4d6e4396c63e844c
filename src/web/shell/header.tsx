/** The header: which trace, which range, search, and the switches that concern every panel. */
import { CircleHelp, Maximize2, Monitor, Moon, Search, Sun, ZoomIn, ZoomOut } from "lucide-react";
import type { ExperimentSummary } from "../../tsp/index.ts";
import { formatDuration, formatTime, type TimeMode } from "../format/time.ts";
import { useStore } from "../state/store.ts";
import { type ThemeChoice, useTheme } from "../state/theme.ts";

export interface HeaderProps {
  readonly experiments: readonly ExperimentSummary[];
  readonly experiment: ExperimentSummary | undefined;
  readonly onOpen: (experiment: ExperimentSummary) => void;
  readonly onSearch: () => void;
  readonly onHelp: () => void;
}

const nextTheme: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: "light", light: "dark", dark: "system" };
const themeNames: Readonly<Record<ThemeChoice, string>> = { system: "as the system", light: "light", dark: "dark" };

export function Header({ experiments, experiment, onOpen, onSearch, onHelp }: HeaderProps) {
  const choice = useTheme((s) => s.choice);
  const ThemeIcon = { system: Monitor, light: Sun, dark: Moon }[choice];
  return (
    <header className="header">
      <div className="brand">
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <rect width="24" height="24" rx="5" className="brand-mark" />
          <path d="M5 8h7M9 12h10M5 16h6" className="brand-lines" />
        </svg>
        <h1>Storescope</h1>
      </div>
      {experiments.length > 1 ? (
        <select
          className="field"
          aria-label="Trace"
          value={experiment?.id ?? ""}
          onChange={(e) => {
            const chosen = experiments.find((x) => x.id === e.target.value);
            if (chosen !== undefined) onOpen(chosen);
          }}
        >
          {experiments.map((e) => (
            <option key={e.id} value={e.id}>
              {e.name}
            </option>
          ))}
        </select>
      ) : (
        <span className="trace-name" title={experiment?.name}>
          {experiment?.name}
        </span>
      )}
      {experiment === undefined ? <span className="spacer" /> : <RangeTools experiment={experiment} />}
      {experiment === undefined ? null : (
        <button type="button" className="search-button" onClick={onSearch} aria-keyshortcuts="/">
          <Search size={14} aria-hidden="true" />
          <span>Search or run a command</span>
          <kbd>/</kbd>
        </button>
      )}
      {experiment === undefined ? null : <TimeSwitch />}
      <button
        type="button"
        className="icon-button"
        title={`Theme: ${themeNames[choice]}`}
        aria-label={`Theme: ${themeNames[choice]}`}
        onClick={() => useTheme.getState().choose(nextTheme[choice])}
      >
        <ThemeIcon size={16} aria-hidden="true" />
      </button>
      <button type="button" className="icon-button" title="Keys and mouse (?)" aria-label="Help" aria-keyshortcuts="?" onClick={onHelp}>
        <CircleHelp size={16} aria-hidden="true" />
      </button>
    </header>
  );
}

function RangeTools({ experiment }: { readonly experiment: ExperimentSummary }) {
  const range = useStore((s) => s.range);
  const timeMode = useStore((s) => s.timeMode);
  const show = (time: number): string => formatTime(time, experiment.origin, timeMode);
  return (
    <div className="range-tools">
      <button
        type="button"
        className="icon-button"
        title="Zoom in (W)"
        aria-label="Zoom in"
        onClick={() => useStore.getState().zoom(1 / 1.5)}
      >
        <ZoomIn size={16} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button"
        title="Zoom out (S)"
        aria-label="Zoom out"
        onClick={() => useStore.getState().zoom(1.5)}
      >
        <ZoomOut size={16} aria-hidden="true" />
      </button>
      <button
        type="button"
        className="icon-button"
        title="Whole trace (0)"
        aria-label="Show the whole trace"
        onClick={() => useStore.getState().showAll()}
      >
        <Maximize2 size={15} aria-hidden="true" />
      </button>
      <span className="range-text is-mono" data-testid="range">
        <span className="range-ends">
          {show(range.start)} – {show(range.end)}
        </span>
        <span className="range-span">{formatDuration(range.end - range.start)}</span>
      </span>
    </div>
  );
}

const modes: readonly (readonly [TimeMode, string, string])[] = [
  ["local", "Local", "Wall clock, local zone"],
  ["utc", "UTC", "Wall clock, UTC"],
  ["relative", "+0", "Since the start of the trace"],
];

function TimeSwitch() {
  const timeMode = useStore((s) => s.timeMode);
  return (
    <fieldset className="switch" aria-label="Show times as">
      {modes.map(([mode, text, title]) => (
        <button
          key={mode}
          type="button"
          aria-pressed={timeMode === mode}
          title={title}
          aria-label={title}
          onClick={() => useStore.getState().setTimeMode(mode)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
