/** Eviction storm: at its memory limit the server evicts keys before it can execute commands. */
import type { Diagnosis } from "../contract.ts";
import { checkCycles } from "../cycles.ts";

const evictionStorm: Diagnosis = {
  id: "eviction-storm",
  title: "Evictions hold commands back",
  version: 1,
  needs: ["eviction_cycle", "call_command_start"],
  view: "netflow",
  explanation: `Over \`maxmemory\` Redis evicts keys before it executes a command, for at most half a millisecond each time (maxmemory-eviction-tenacity 10), and goes on in
a timer. A cache at its limit that evicts a key for each it takes in spends some microseconds on each. When far more must go (large values come in, the limit was lowered, buffers
took the memory), command after command waits its half millisecond.

Decided from \`eviction_cycle\` of 100 µs and more, three at least (a single eviction takes a few microseconds), and from the requests that stood still
meanwhile, by the general scale; the time that the evicting command itself waits counts too.`,
  check: (context) =>
    checkCycles(context, {
      operation: "EVICTION",
      leastNs: 100_000,
      did: "evicted keys",
      advice:
        "Give the node more memory or less data; let keys expire before memory runs out; keep values small and of one size, so that one key out makes room for one key in. `lazyfree-lazy-eviction yes` moves the freeing of large values to a background thread.",
    }),
};

export default evictionStorm;
