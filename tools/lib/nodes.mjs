// Other versions of Node.js for traced applications: npm packages of the lock file in tools/nodes, installed when first wanted.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";
import { run } from "./run.mjs";

const folder = join(root, "tools", "nodes");
export const otherNodes = [22, 24, 26];

/** Path of this version's `node`. */
export const nodePath = (version) => join(folder, "node_modules", `node-${version}`, "bin", "node");

/** Installs them where they are missing. Returns undefined, or one sentence that says why there are none for this machine. Throws when npm fails. */
export async function ensureNodes(say) {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `there are none in the lock file for ${process.platform} on ${process.arch}`;
  if (otherNodes.every((version) => existsSync(nodePath(version)))) return undefined;
  say(`installing Node ${otherNodes.join(", ")}`);
  const { code, output } = await run("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder], { output: "capture" });
  if (code !== 0) throw new Error(`npm ci failed:\n${output}`);
  return undefined;
}
