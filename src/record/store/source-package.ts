/** Fetches a store's source package with apt, through lists and caches of our own: the machine's stay untouched, and no rights are needed. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StorescopeError } from "../../base/index.ts";
import { matchingVersions, parseDeb822, parseOneLine, releasesToTry, type SourceStanza, sourceList } from "./apt-sources.ts";
import { runStep, runTool } from "./tools.ts";

/** A source package of one exact revision, and the apt set-up that finds it. */
export interface SourcePackage {
  readonly name: string;
  /** The distribution's version, e.g. `5:7.0.15-1~deb12u10`. */
  readonly revision: string;
  readonly aptOptions: readonly string[];
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw cause;
  }
}

/** Every package source that apt knows on this machine. */
async function machineSources(signal: AbortSignal | undefined): Promise<readonly SourceStanza[]> {
  const query = ["shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"];
  const { stdout } = await runTool({ program: "apt-config", args: query, signal });
  const value = (name: string) => new RegExp(`^${name}='(.*)'$`, "m").exec(stdout)?.[1];
  const list = value("LIST");
  const parts = value("PARTS");
  const stanzas: SourceStanza[] = [];
  if (list !== undefined) stanzas.push(...parseOneLine(await readIfThere(list)));
  if (parts === undefined) return stanzas;
  const names = await readdir(parts).catch(() => []);
  for (const name of names.sort()) {
    if (name.endsWith(".list")) stanzas.push(...parseOneLine(await readIfThere(join(parts, name))));
    if (name.endsWith(".sources")) stanzas.push(...parseDeb822(await readIfThere(join(parts, name))));
  }
  return stanzas;
}

async function releaseName(): Promise<string> {
  const release = /^VERSION_CODENAME=["']?([a-z]+)/m.exec(await readIfThere("/etc/os-release"))?.[1];
  if (release === undefined)
    throw new StorescopeError("BUILD_FAILED", "this is not a Debian-like system: give the store's source tree with --source");
  return release;
}

/** Newest first. */
async function sortVersions(versions: readonly string[]): Promise<readonly string[]> {
  const sorted: string[] = [];
  for (const version of new Set(versions)) {
    let at = 0;
    for (const other of sorted) {
      if ((await runTool({ program: "dpkg", args: ["--compare-versions", version, "gt", other] })).code === 0) break;
      at++;
    }
    sorted.splice(at, 0, version);
  }
  return sorted;
}

/**
 * The revisions of a source package's upstream version, `7.0.15` or `9.1` for any 9.1.x: those of this machine's release, then, as they are asked for, those of
 * the next ones; newest first within a release. `directory` keeps the private lists. Throws BUILD_FAILED at the end when there was none at all.
 */
export async function* findSourcePackages(
  name: string,
  version: string,
  directory: string,
  log: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SourcePackage, void> {
  const stanzas = await machineSources(signal);
  const own = await releaseName();
  const problems: string[] = [];
  let isFound = false;
  for (const release of releasesToTry(own)) {
    const list = sourceList(stanzas, own, release);
    if (list === "") break;
    const place = join(directory, release);
    await mkdir(join(place, "parts"), { recursive: true });
    await mkdir(join(place, "lists/partial"), { recursive: true });
    await mkdir(join(place, "cache/archives/partial"), { recursive: true });
    await writeFile(join(place, "parts/storescope.sources"), list);
    const aptOptions = [
      "Dir::Etc::SourceList=/dev/null",
      `Dir::Etc::SourceParts=${join(place, "parts")}`,
      `Dir::State::Lists=${join(place, "lists")}`,
      `Dir::Cache=${join(place, "cache")}`,
      "APT::Sandbox::User=root",
    ].flatMap((option) => ["-o", option]);
    // A third source that fails to update does not matter as long as the package is found.
    const update = await runTool({ program: "apt-get", args: [...aptOptions, "update"], log, signal });
    const shown = await runTool({ program: "apt-cache", args: [...aptOptions, "showsrc", "--only-source", name], log, signal });
    for (const revision of await sortVersions(matchingVersions(shown.stdout, name, version))) {
      isFound = true;
      yield { name, revision, aptOptions };
    }
    problems.push(release + (update.code === 0 ? "" : `: ${update.stderr.trim().split("\n").at(-1)}`));
  }
  if (isFound) return;
  throw new StorescopeError(
    "BUILD_FAILED",
    `no source package ${name} ${version} in ${problems.length > 0 ? problems.join(", ") : "this machine's package sources"}; whole log: ${log}`,
  );
}

/** Downloads and unpacks a source package, with the distribution's patches applied, under `directory`. Returns the tree's folder. */
export async function unpackSourcePackage(
  source: SourcePackage,
  directory: string,
  log: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const args = [...source.aptOptions, "source", "--only-source", `${source.name}=${source.revision}`];
  await runStep(`fetching ${source.name} ${source.revision}`, { program: "apt-get", args, directory, log, signal });
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const tree = folders[0];
  if (tree === undefined)
    throw new StorescopeError("BUILD_FAILED", `${source.name} ${source.revision} unpacked to nothing; whole log: ${log}`);
  return join(directory, tree.name);
}
