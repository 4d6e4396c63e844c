/**
 * The view in the address: reload and shared links show the same thing. It lives in the fragment, which never reaches a server:
 *
 *     #trace=<id>&from=<ns>&to=<ns>&at=<ns>&until=<ns>&row=<id>&request=<id>&time=utc
 *
 * Times are absolute, so a link stays right when the experiment is opened with more traces. `token` is taken out of the address at once and kept for the tab.
 */
import type { TimeMode } from "../format/time.ts";
import type { Range, Selection, ViewState } from "./store.ts";

export interface UrlState {
  readonly trace?: string | undefined;
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  readonly at?: bigint | undefined;
  readonly until?: bigint | undefined;
  readonly row?: number | undefined;
  readonly request?: number | undefined;
  readonly time?: TimeMode | undefined;
}

function integer(text: string | null): bigint | undefined {
  return text !== null && /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}

function id(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What a fragment says; parts that make no sense are left out. */
export function parseFragment(fragment: string): UrlState {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const time = values.get("time");
  return {
    trace: values.get("trace") ?? undefined,
    from: integer(values.get("from")),
    to: integer(values.get("to")),
    at: integer(values.get("at")),
    until: integer(values.get("until")),
    row: id(values.get("row")),
    request: id(values.get("request")),
    time: time === "utc" || time === "local" || time === "relative" ? time : undefined,
  };
}

/** The fragment for a state, without `#`. Parts at their default are left out. */
export function formatFragment(state: ViewState): string {
  const { experiment, range, full, selection, request, timeMode } = state;
  if (experiment === undefined) return "";
  const absolute = (relative: number): string => (experiment.origin + BigInt(Math.round(relative))).toString();
  const values = new URLSearchParams({ trace: experiment.id });
  if (range.start !== full.start || range.end !== full.end) {
    values.set("from", absolute(range.start));
    values.set("to", absolute(range.end));
  }
  if (selection !== undefined) {
    values.set("at", absolute(selection.time));
    if (selection.end !== undefined) values.set("until", absolute(selection.end));
    if (selection.entry !== undefined) values.set("row", String(selection.entry));
  }
  if (request !== undefined) values.set("request", String(request));
  if (timeMode !== "local") values.set("time", timeMode);
  return values.toString();
}

/** The parts of the store that a fragment sets. */
export function toView(url: UrlState, origin: bigint, full: Range): Pick<ViewState, "range" | "selection" | "request" | "timeMode"> {
  const relative = (time: bigint): number => Number(time - origin);
  const range =
    url.from !== undefined && url.to !== undefined && url.to > url.from ? { start: relative(url.from), end: relative(url.to) } : full;
  const selection: Selection | undefined =
    url.at === undefined
      ? undefined
      : { time: relative(url.at), end: url.until === undefined ? undefined : relative(url.until), entry: url.row };
  return { range, selection, request: url.request, timeMode: url.time ?? "local" };
}

/** Takes the token out of the address, if it carries one, and returns the fragment that is left. */
export function takeToken(): string {
  const values = new URLSearchParams(location.hash.replace(/^#/, ""));
  const token = values.get("token");
  if (token === null) return location.hash;
  sessionStorage.setItem("storescope.token", token);
  values.delete("token");
  history.replaceState(null, "", `#${values.toString()}`);
  return location.hash;
}
