// What each node of a tree does, drawn from a seed: for the application (tree.mjs), and for the test that knows by it what must be found.
const depth = 4;
const fanOut = 3;

/** A number below `below` for this text and seed (FNV-1a). */
function draw(seed, text, below) {
  let hash = (2166136261 ^ seed) >>> 0;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0;
  return (Math.imul(hash ^ (hash >>> 15), 2246822507) >>> 8) % below;
}

/** Node `path`, such as `7.0.2`: its children, whether they are asked at once, and its command. */
export function plan(seed, path) {
  const level = path.split(".").length;
  const count = level >= depth ? 0 : draw(seed, `${path} children`, fanOut + 1);
  return {
    children: Array.from({ length: count }, (_, i) => ({ path: `${path}.${i}`, process: draw(seed, `${path}.${i} process`, 3) })),
    isParallel: draw(seed, `${path} parallel`, 2) === 1,
    command: [undefined, "get", "set"][draw(seed, `${path} command`, 3)],
  };
}
