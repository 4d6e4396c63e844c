/** Which of the paper's events a trace can hold, whichever set carried them. */
import { events, housekeepingKinds, records } from "./events.ts";
import { stepTable } from "./steps.ts";

/** Records of the `light` set that stand for two events. */
const pairs: Readonly<Record<string, readonly string[]>> = {
  poll: ["poll_start", "poll_end"],
  read: ["start_read_client_query", "read_client_query"],
  call: ["call_command_start", "call_command_end"],
  write: ["write_to_client_start", "write_to_client_end"],
};

/** Names of events, without the provider's, that were switched on in a trace with these event classes. */
export function recordedEvents(classes: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { name } of events) if (classes.includes(`redis:${name}`)) found.add(name);
  for (const [carrier, set] of [
    ["commands", "light"],
    ["steps", "full"],
  ] as const) {
    if (!found.has(carrier)) continue;
    for (const record of records) {
      if (!record.sets.includes(set)) continue;
      const step = stepTable.find(({ kind }) => kind === record.kind)?.event;
      const names = pairs[record.name] ?? (record.name === "housekeeping" ? housekeepingKinds : step === undefined ? [] : [step]);
      for (const name of names) found.add(name);
    }
  }
  return found;
}
