/**
 * Where the distribution's source packages are: derived from the machine's own package sources, which stay as they are.
 *
 * Both formats of apt's lists are read (sources.list(5)): one-line (`deb [options] uri suite components`) and deb822 stanzas. Each binary source becomes
 * a source of source packages in a private list. For versions that the machine's own release does not have, the release's name is replaced by a
 * later one's in the suites.
 */

/** One source, as a deb822 stanza's fields. Names in lower case. */
export type SourceStanza = ReadonlyMap<string, string>;

/** Reads a file of deb822 stanzas. Comment lines are dropped wherever they stand, continuation lines joined. */
export function parseDeb822(text: string): readonly SourceStanza[] {
  const stanzas: Map<string, string>[] = [];
  let current = new Map<string, string>();
  let last: string | undefined;
  const finish = () => {
    if (current.size > 0) stanzas.push(current);
    current = new Map();
    last = undefined;
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    if (line.trim() === "") finish();
    else if (/^\s/.test(line)) {
      if (last !== undefined) current.set(last, `${current.get(last) ?? ""}\n${line}`);
    } else {
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      last = line.slice(0, colon).trim().toLowerCase();
      current.set(last, line.slice(colon + 1).trim());
    }
  }
  finish();
  return stanzas;
}

/** Reads a one-line list: `deb [signed-by=FILE arch=amd64] uri suite component...`. */
export function parseOneLine(text: string): readonly SourceStanza[] {
  const stanzas: SourceStanza[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) continue;
    const [, type = "", options = "", uri = "", suite = "", components = ""] = match;
    const stanza = new Map([
      ["types", type],
      ["uris", uri],
      ["suites", suite],
    ]);
    if (components.trim() !== "") stanza.set("components", components.trim());
    for (const option of options.split(/\s+/)) {
      const equals = option.indexOf("=");
      if (equals > 0) stanza.set(option.slice(0, equals).toLowerCase(), option.slice(equals + 1).replaceAll(",", " "));
    }
    stanzas.push(stanza);
  }
  return stanzas;
}

/** Fields that a source of source packages takes over; architectures and languages mean nothing to it. */
const kept = ["uris", "suites", "components", "signed-by", "trusted", "check-valid-until", "valid-until-max"] as const;

/**
 * The private list: every enabled binary source as a source of source packages, with the release's name (`from`) replaced by `to` in the suites.
 * Sources whose suites do not name the release belong to others than the distribution and are left out. For the unstable release, which
 * has neither updates nor a security suite, only the plain suite remains. Security suites come first: apt fetches a revision that several suites list from
 * the first of them, and mirrors of the others may have dropped the files already.
 */
export function sourceList(stanzas: readonly SourceStanza[], from: string, to: string): string {
  const isSecurity = (stanza: SourceStanza) => Number(/-security\b/.test(stanza.get("suites") ?? ""));
  const seen = new Set<string>();
  for (const stanza of [...stanzas].sort((a, b) => isSecurity(b) - isSecurity(a))) {
    const types = (stanza.get("types") ?? "").split(/\s+/);
    if (!types.includes("deb") || /^no$/i.test(stanza.get("enabled") ?? "yes")) continue;
    const suites = (stanza.get("suites") ?? "")
      .split(/\s+/)
      .filter((suite) => suite === from || suite.startsWith(`${from}-`) || suite.startsWith(`${from}/`))
      .filter((suite) => to !== "sid" || suite === from)
      .map((suite) => to + suite.slice(from.length));
    if (suites.length === 0) continue;
    const fields = kept.flatMap((name) => {
      const value = name === "suites" ? suites.join(" ") : stanza.get(name);
      return value === undefined ? [] : [`${name}: ${value}`];
    });
    seen.add(`types: deb-src\n${fields.join("\n")}\n`);
  }
  return [...seen].join("\n");
}

/** Releases to look in, the machine's own first. */
export function releasesToTry(own: string): readonly string[] {
  const debian = ["bookworm", "trixie", "forky", "sid"];
  const index = debian.indexOf(own);
  return index < 0 ? [own] : debian.slice(index);
}

/** `5:7.0.15-1~deb12u10` is upstream's `7.0.15`. */
export function upstreamVersion(version: string): string {
  return version
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replace(/[+~].*$/, "");
}

/** Versions of source package `name` in `apt-cache showsrc`'s output whose upstream version is `wanted`, or starts with `wanted.`. */
export function matchingVersions(showsrc: string, name: string, wanted: string): readonly string[] {
  return parseDeb822(showsrc)
    .filter((stanza) => (stanza.get("package") ?? name) === name)
    .flatMap((stanza) => stanza.get("version") ?? [])
    .filter((version) => {
      const upstream = upstreamVersion(version);
      return upstream === wanted || upstream.startsWith(`${wanted}.`);
    });
}
