/**
 * Clock synchronisation by convex hull (A. Duda, G. Harrus, Y. Haddad, G. Bernard: Estimating global time in distributed systems, ICDCS 1987).
 *
 * Two clocks tell the times x and y of the same moments; y = x + d(x), and over a recording d is nearly a line, d(x) = skew * x + offset. Messages bound it:
 * none arrives before it was sent.
 *
 *     d
 *     |   v v     v   v v      upper bounds: sent at x, received at y   =>  d(x) <= y - x      their lower hull matters
 *     |  ------------------    any line between the hulls is possible; the one with most room to both is chosen
 *     |    ^  ^ ^      ^       lower bounds: sent at y, received at x   =>  d(x) >= y - x      their upper hull matters
 *     +------------------- x
 *
 * For a given skew a the possible offsets are [max(lower - a x), min(upper - a x)]. The width of that interval, `room(a)`, is concave and piecewise linear in
 * a, its corners at the slopes of hull edges: so its maximum, and where it falls to zero, are found exactly. What can be said of d at a time x is the extremes
 * of a x + offset over all possible lines; the larger distance to them is the error there.
 *
 * Cost: O(n log n) for n messages; hulls are small (tens of points).
 */

/** A message seen at both ends, in ns of each clock from any fixed zero each. */
export interface MessageTimes {
  /** Time at the end that `x` tells. */
  readonly x: number;
  /** Time at the end that `y` tells. */
  readonly y: number;
  /** Whether it went from x to y. */
  readonly isForward: boolean;
}

/** y = x + skew * x + offset. */
export interface ClockRelation {
  /** ns gained per ns. */
  readonly skew: number;
  /** ns at x = 0. */
  readonly offset: number;
  /**
   * Largest error in ns at a time x, should every message have its times right and the clocks run evenly. Convex, so that over a range it is largest at one of
   * the ends; it grows outside the time of the messages. Where no line satisfies all messages, it is how far the best one is off.
   */
  readonly errorAt: (x: number) => number;
  /** False where no line satisfies all messages. */
  readonly isConsistent: boolean;
  readonly messages: number;
}

interface Point {
  readonly x: number;
  readonly d: number;
}

/** Clocks of computers are within this of each other; more is not believed. */
export const largestSkew = 5e-4;

/** How y follows from x; undefined unless there are messages both ways. Times must be below 2^53. */
export function relateClocks(messages: readonly MessageTimes[]): ClockRelation | undefined {
  const upper: Point[] = [];
  const lower: Point[] = [];
  // Small numbers keep their digits: x from the middle, d from the first message.
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { x } of messages) {
    first = Math.min(first, x);
    last = Math.max(last, x);
  }
  const middle = first + (last - first) / 2;
  const base = messages[0] === undefined ? 0 : messages[0].y - messages[0].x;
  for (const { x, y, isForward } of messages) (isForward ? upper : lower).push({ x: x - middle, d: y - x - base });
  if (upper.length === 0 || lower.length === 0) return undefined;
  const above = hull(upper, 1);
  const below = hull(lower, -1);
  const least = (a: number): number => above.reduce((best, { x, d }) => Math.min(best, d - a * x), Number.POSITIVE_INFINITY);
  const most = (a: number): number => below.reduce((best, { x, d }) => Math.max(best, d - a * x), Number.NEGATIVE_INFINITY);
  const corners = [-largestSkew, largestSkew, ...slopes(above), ...slopes(below)].filter((a) => Math.abs(a) <= largestSkew);
  corners.sort((a, b) => a - b);
  const rooms = corners.map((a) => least(a) - most(a));
  const widest = rooms.reduce((best, room, i) => (room > (rooms[best] as number) ? i : best), 0);
  const skew = corners[widest] as number;
  const room = rooms[widest] as number;
  const offset = (least(skew) + most(skew)) / 2;
  const isConsistent = room >= 0;
  // The lines that are possible at the edge of all possible ones: of each skew where room(a) bends or ends, the highest and the lowest.
  const edges = isConsistent
    ? [...corners, crossing(corners, rooms, widest, -1), crossing(corners, rooms, widest, 1)]
        .filter((a) => Number.isFinite(a) && least(a) - most(a) >= -1e-6)
        .map((a) => ({ a, highest: least(a) - offset, lowest: most(a) - offset }))
    : [];
  const errorAt = (x: number): number => {
    let error = isConsistent ? 0 : -room / 2;
    for (const { a, highest, lowest } of edges) {
      const turned = (a - skew) * (x - middle);
      error = Math.max(error, turned + highest, -turned - lowest);
    }
    return error;
  };
  return { skew, offset: offset + base - skew * middle, errorAt, isConsistent, messages: messages.length };
}

/** Where the room falls to zero left (-1) or right (1) of the widest corner; NaN where it does not within the believable skews. */
function crossing(corners: readonly number[], rooms: readonly number[], widest: number, step: 1 | -1): number {
  let at = widest;
  while ((rooms[at + step] ?? -1) >= 0) at += step;
  const [a, b] = [corners[at], corners[at + step]];
  const [roomA, roomB] = [rooms[at], rooms[at + step]];
  if (a === undefined || b === undefined || roomA === undefined || roomB === undefined) return Number.NaN;
  return a + ((b - a) * roomA) / (roomA - roomB);
}

/** Slopes of the edges between neighbours. */
function slopes(points: readonly Point[]): readonly number[] {
  return points.slice(1).map(({ x, d }, i) => (d - (points[i] as Point).d) / (x - (points[i] as Point).x));
}

/** Lower (`side` 1) or upper (`side` -1) hull, by x (Andrew's monotone chain). */
function hull(points: readonly Point[], side: 1 | -1): readonly Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || side * (a.d - b.d));
  const found: Point[] = [];
  for (const point of sorted) {
    if (found.at(-1)?.x === point.x) continue;
    while (found.length >= 2 && side * turn(found.at(-2) as Point, found.at(-1) as Point, point) <= 0) found.pop();
    found.push(point);
  }
  return found;
}

/** Positive where a, b, c turn left. */
function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.d - a.d) - (b.d - a.d) * (c.x - a.x);
}
