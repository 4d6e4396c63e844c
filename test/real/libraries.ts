/** Libraries of applications in tests: folders of libraries/, installed from their lock files when first wanted. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Path of the folder's package.json: what `createRequire` wants. */
export function ensureLibraries(folder: string): string {
  const path = fileURLToPath(new URL(`libraries/${folder}`, import.meta.url));
  if (!existsSync(join(path, "node_modules"))) execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: path, stdio: "ignore" });
  return join(path, "package.json");
}
