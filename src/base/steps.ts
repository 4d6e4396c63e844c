/** Longer work in steps of some milliseconds, as a generator: whoever has others to serve takes the steps one by one. */

/** Takes all steps at once. */
export function allSteps<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
