/**
 * Errors. Three kinds (CONTRIBUTING.md): bad input (`BadInputError`, names file and offset), wrong use (`UsageError`, exit code 2 or HTTP 4xx),
 * and bugs (`assert` in asserts.ts). Every code is listed here and explained in docs/errors.md; a test compares the two.
 */

/** All error codes, with the sentence that docs/errors.md opens with. */
export const errorCodes = {
  TRACE_NOT_FOUND: "There is no trace at this path.",
  ARCHIVE_INVALID: "An archive cannot be unpacked.",
  METADATA_INVALID: "The trace's metadata breaks the rules of its format.",
  METADATA_UNSUPPORTED: "The trace's metadata is valid, but uses something Storescope cannot read.",
  PACKET_INVALID: "A packet's header or content does not fit its file.",
  EVENT_INVALID: "An event does not fit its packet or its metadata.",
  HISTORY_INVALID: "A state history file is damaged, unfinished or of another version.",
  DISK_FULL: "There is no space left where a state history is written.",
  USAGE: "The command or request was used in a way it does not allow.",
  NOT_FOUND: "The named thing does not exist.",
  TOOL_MISSING: "A program or library that this step needs is not installed.",
  RECORD_FAILED: "LTTng refused a recording step.",
  BUILD_FAILED: "Building an instrumented data store failed.",
  CANCELLED: "The work was cancelled.",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** An error with a code. Everything Storescope throws on purpose is one of these. */
export class StorescopeError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "StorescopeError";
    this.code = code;
  }
}

/** The caller asked for something that cannot be: the message says what to do instead. */
export class UsageError extends StorescopeError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("USAGE", message, options);
    this.name = "UsageError";
  }
}

/** Bytes from outside that break their format. `file` and `offset` (bytes from the file's start) say where. */
export class BadInputError extends StorescopeError {
  readonly file: string;
  readonly offset: number;
  /** The message without its place. */
  readonly what: string;
  constructor(code: ErrorCode, file: string, offset: number, what: string, options?: { cause?: unknown }) {
    super(code, `${file}: byte ${offset}: ${what}`, options);
    this.name = "BadInputError";
    this.file = file;
    this.offset = offset;
    this.what = what;
  }
}
