/**
 * Cluster-bus messages as two ends: what synchronises the clocks of the nodes' hosts. A message is known at both ends by the connection that carried it and
 * by where it ended in the connection's stream of bytes.
 */
import type { RelativeNs } from "../../base/index.ts";
import type { TraceSource } from "../../trace/index.ts";
import type { MessageEnds } from "../contract.ts";
import { type RareEvent, RedisDecoder, type RedisProcess, Step, type StepSink } from "./steps.ts";

/** A link's two directions, as keys that both ends make alike. */
interface LinkKeys {
  readonly outgoing: string;
  readonly incoming: string;
}

class Ends implements StepSink, MessageEnds {
  readonly sent = new Map<string, Map<number, RelativeNs>>();
  readonly received = new Map<string, Map<number, RelativeNs>>();
  private readonly links = new Map<string, LinkKeys>();

  rare(process: RedisProcess, { name, fields }: RareEvent): void {
    if (name !== "link_open") return;
    const local = `${fields["laddr"]}:${fields["lport"]}`;
    const remote = `${fields["raddr"]}:${fields["rport"]}`;
    this.links.set(`${process.index}/${fields["link"]}`, { outgoing: `${local}>${remote}`, incoming: `${remote}>${local}` });
  }

  step(
    process: RedisProcess,
    kind: number,
    time: RelativeNs,
    _thread: number,
    _conn: number,
    link: number,
    _type: number,
    length: number,
    end: number,
  ): void {
    if (kind !== Step.clusterSend && kind !== Step.clusterPacket) return;
    const keys = this.links.get(`${process.index}/${link}`);
    if (keys === undefined) return;
    const isSend = kind === Step.clusterSend;
    const ends = isSend ? this.sent : this.received;
    const key = `${isSend ? keys.outgoing : keys.incoming} ${length}`;
    let stream = ends.get(key);
    if (stream === undefined) {
      stream = new Map();
      ends.set(key, stream);
    }
    stream.set(end, time);
  }
}

/** Every bus message's ends in one trace. Yields now and then, so that others have a turn. Cost: reads the whole trace. */
export async function* readMessageEnds(source: TraceSource): AsyncGenerator<number, MessageEnds> {
  const ends = new Ends();
  const cursor = source.cursor();
  try {
    const decoder = new RedisDecoder(source, cursor, () => ends);
    for (let events = 1; cursor.next(); events++) {
      if (decoder.takes(cursor.eventClass)) decoder.handle();
      if (events % 4096 === 0) yield cursor.bytesRead;
    }
    decoder.finish();
  } finally {
    cursor.close();
  }
  return ends;
}
