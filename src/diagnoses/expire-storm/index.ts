/** Expire storm: many keys expire together, and their removal holds the event loop. */
import type { Diagnosis } from "../contract.ts";
import { checkCycles } from "../cycles.ts";

const expireStorm: Diagnosis = {
  id: "expire-storm",
  title: "Many keys expire at once",
  version: 1,
  needs: ["expire_cycle", "write_to_client_start"],
  view: "netflow",
  explanation: `Ten times a second Redis looks for expired keys, and goes on while more than a tenth of those it samples are expired, for up to 25 % of the time: 25 ms at once.
When very many keys get the same expiry time (a cache that was filled in one go, expiry at midnight), these limits are reached, and every request meanwhile waits.

Decided from \`expire_cycle\` of 1 ms and more, three at least (a usual cycle takes some ten microseconds, and the fast cycle before each sleep is limited to 1 ms), and
from the requests that stood still meanwhile, by the general scale.`,
  check: (context) =>
    checkCycles(context, {
      operation: "EXPIRE CYCLE",
      leastNs: 900_000,
      did: "looked for expired keys",
      advice:
        "Give keys that are made together expiry times that differ: add a random part of 10 % or more. `lazyfree-lazy-expire yes` moves the freeing of large values to a background thread.",
    }),
};

export default expireStorm;
