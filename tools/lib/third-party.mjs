// What a bundle holds of other people's packages, as their licences want it: the text of each one's licence beside the bundle.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folders of the packages that these modules (absolute paths) are of. */
function packagesOf(modules) {
  const folders = new Set();
  for (const module of modules) {
    const match = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module);
    if (match !== null) folders.add(match[1]);
  }
  return [...folders].sort();
}

/** One text: name, version, licence and the licence's text of each package. Throws where a package has none at all. */
export function thirdPartyText(modules) {
  return packagesOf(modules)
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
      if (file === undefined && license === undefined) throw new Error(`${folder}: no licence is stated`);
      const text = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
      const notice = existsSync(join(folder, "NOTICE")) ? `\n${readFileSync(join(folder, "NOTICE"), "utf8").trim()}\n` : "";
      return `${name} ${version} (${license})\n${text}${notice}`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
