/**
 * Packets of tracers that are known to tell wrong end times. Searching by time relies on `end`: no event of a packet is later.
 *
 * LTTng-UST before 2.11 and LTTng-modules before 2.9.13, 2.10.10 and 2.11.0 could write an event after they had taken the packet's end time. The next
 * packet's begin is a bound that holds; of the last packet only its events tell.
 *
 * (Two more known faults need nothing here: LTTng's crash extraction leaves an end of 0, which `scan.ts` takes for none, and barectf before 2.3.1 wrote
 * events earlier than their packet's begin, which nobody relies on.)
 */
import type { TraceSchema } from "../schema.ts";
import type { Packet } from "./scan.ts";

/** The stream's packets with ends that hold; the same list where the tracer has no such fault. */
export function correctEnds(packets: readonly Packet[], environment: TraceSchema["environment"]): readonly Packet[] {
  if (!writesEventsAfterEnd(environment)) return packets;
  return packets.map((packet, i) => {
    const { check } = packet;
    // What an index told is compared, not what became of it.
    return { ...packet, end: packets[i + 1]?.begin, check: check && ((_, bytes, view) => check(packet, bytes, view)) };
  });
}

function writesEventsAfterEnd(environment: TraceSchema["environment"]): boolean {
  const part = (name: string): number => Number(environment[`tracer_${name}`] ?? 0);
  const version = part("major") * 1e6 + part("minor") * 1e3 + part("patchlevel");
  switch (environment["tracer_name"]) {
    case "lttng-ust":
      return version < 2_011_000;
    case "lttng-modules":
      return version < 2_009_013 || (version >= 2_010_000 && version < 2_010_010);
    default:
      return false;
  }
}
