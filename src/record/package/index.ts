/** Where this package is, in a checkout as well as installed: the nearest folder above this file that holds Storescope's package.json. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defined } from "../../base/index.ts";

interface Package {
  readonly root: string;
  readonly version: string;
}

function find(): Package {
  let folder: string | undefined = dirname(fileURLToPath(import.meta.url));
  while (folder !== undefined) {
    const file = join(folder, "package.json");
    if (existsSync(file)) {
      const content = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
      if (content.name === "storescope") return { root: folder, version: defined(content.version, "package.json has a version") };
    }
    folder = dirname(folder) === folder ? undefined : dirname(folder);
  }
  throw new Error("bug: no package.json of storescope above this file");
}

/** This package's folder and version. Reads one small file each time: ask once. */
export function thisPackage(): Package {
  return find();
}
