/** Talks to the server: exact-integer JSON in both directions, errors in the server's own words, and every request can be given up. */
import { type Decoder, decodeError, parseExact, stringifyExact } from "../../tsp/index.ts";

/** An answer that was not 2xx, or no answer at all (`status` 0). */
export class ServerError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Makes it a POST. */
  readonly body?: unknown;
  /** Sent when nothing else has been asked for a while: the server answers one thing after the other, and what is looked at first comes first. */
  readonly isPatient?: boolean;
}

/** A page that has an answer asks the next thing within this time, ms. */
const quietMs = 100;
/** A patient call is sent after this long in any case, ms. */
const longestPatienceMs = 5_000;
let pending = 0;
let lastEnd = 0;

async function untilQuiet(signal: AbortSignal | undefined): Promise<void> {
  const asked = performance.now();
  const isQuiet = (now: number): boolean => pending === 0 && now - Math.max(asked, lastEnd) >= quietMs;
  for (let now = asked; !isQuiet(now) && now - asked < longestPatienceMs; now = performance.now()) {
    await new Promise((resolve) => setTimeout(resolve, quietMs / 2));
    signal?.throwIfAborted();
  }
}

function errorText(status: number, text: string): string {
  try {
    const { title, detail } = decodeError(parseExact(text), "");
    return detail ?? title;
  } catch {
    return `The server answered with status ${status}.`;
  }
}

/** Calls the server this page came from. Rejects with ServerError, or with an AbortError when given up. */
export async function call<T>(path: string, decode: Decoder<T>, options: CallOptions = {}): Promise<T> {
  if (options.isPatient === true) {
    await untilQuiet(options.signal);
    return await send(path, decode, options);
  }
  pending++;
  try {
    return await send(path, decode, options);
  } finally {
    pending--;
    lastEnd = performance.now();
  }
}

async function send<T>(path: string, decode: Decoder<T>, options: CallOptions): Promise<T> {
  const headers: Record<string, string> = {};
  const token = sessionStorage.getItem("storescope.token");
  if (token !== null) headers["authorization"] = `Bearer ${token}`;
  const init: RequestInit = { headers, signal: options.signal ?? null };
  if (options.body !== undefined) {
    init.method = "POST";
    init.body = stringifyExact(options.body);
    headers["content-type"] = "application/json";
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ServerError(0, "The server does not answer. Is Storescope still running?");
  }
  const text = await response.text();
  if (!response.ok) throw new ServerError(response.status, errorText(response.status, text));
  return decode(parseExact(text), "");
}

/** Path and query string, encoded; undefined values are left out. */
export function query(path: string, values: Readonly<Record<string, string | number | bigint | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
