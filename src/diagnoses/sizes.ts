/** Sizes of requests and replies. */

import { unknownBytes } from "../analyses/redis/keys.ts";
import type { RequestRow } from "./contract.ts";

/**
 * From here on a value is big: it takes sixteen writes or more to send (Redis writes at most 64 KiB to a client before it turns to the next), its copy
 * alone costs some 100 us, and a 1 Gbit/s link 8 ms.
 */
export const bigValueBytes = 1024 * 1024;

/** Bytes of request and reply together, as far as the trace knows them. */
export function movedBytes(row: RequestRow): number {
  return known(row.requestBytes) + known(row.replyBytes);
}

export const known = (bytes: number): number => (bytes === unknownBytes ? 0 : bytes);
