/** Progress and cancellation, the same two things for every long task. */

/** One report. `done` and `total` share a unit of the task's choosing (bytes, events); `total` is 0 while it is unknown. */
export interface Progress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

/** What every long task takes: where to report, and how to be stopped. A cancelled task throws a StorescopeError of code CANCELLED. */
export interface TaskOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
