/**
 * For `sort`: texts in the order of their code units, everywhere the same. Not `localeCompare`, whose order is the machine's, and which loads a collator first: that takes
 * longer than opening a trace.
 */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
