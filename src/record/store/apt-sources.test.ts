import { describe, expect, it } from "vitest";
import { matchingVersions, parseDeb822, parseOneLine, releasesToTry, sourceList, upstreamVersion } from "./apt-sources.ts";

describe("package sources", () => {
  it("derives source packages' sources from deb822 stanzas, security first, others' repositories left out", () => {
    const stanzas = parseDeb822(
      [
        "Types: deb",
        "# a snapshot would stand here",
        "URIs: http://mirror.example/debian",
        "Suites: bookworm bookworm-updates",
        "Components: main",
        "Signed-By: /usr/share/keyrings/archive.gpg",
        "",
        "Types: deb",
        "URIs: http://mirror.example/security",
        "Suites: bookworm-security",
        "Components: main",
        "Signed-By:",
        " -----BEGIN PGP PUBLIC KEY BLOCK-----",
        " .",
        " abc",
        "",
        "Types: deb",
        "URIs: https://other.example/node_20.x",
        "Suites: nodistro",
        "Components: main",
      ].join("\n"),
    );
    expect(sourceList(stanzas, "bookworm", "trixie")).toBe(
      [
        "types: deb-src",
        "uris: http://mirror.example/security",
        "suites: trixie-security",
        "components: main",
        "signed-by: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc",
        "",
        "types: deb-src",
        "uris: http://mirror.example/debian",
        "suites: trixie trixie-updates",
        "components: main",
        "signed-by: /usr/share/keyrings/archive.gpg",
        "",
      ].join("\n"),
    );
  });

  it("reads one-line lists with options", () => {
    const stanzas = parseOneLine(
      "deb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian bookworm main contrib # ours\ndeb-src http://mirror.example/debian bookworm main\n",
    );
    expect(sourceList(stanzas, "bookworm", "bookworm")).toBe(
      "types: deb-src\nuris: http://mirror.example/debian\nsuites: bookworm\ncomponents: main contrib\nsigned-by: /k.gpg\n",
    );
  });

  it("keeps only the plain suite of the unstable release", () => {
    const stanzas = parseOneLine("deb http://a.example/d bookworm main\ndeb http://a.example/d bookworm-updates main\n");
    expect(sourceList(stanzas, "bookworm", "sid")).toBe("types: deb-src\nuris: http://a.example/d\nsuites: sid\ncomponents: main\n");
  });

  it("leaves disabled stanzas out", () => {
    expect(sourceList(parseDeb822("Types: deb\nURIs: http://a\nSuites: bookworm\nEnabled: no\n"), "bookworm", "bookworm")).toBe("");
  });

  it("looks in the own release first, then in later ones", () => {
    expect(releasesToTry("trixie")).toEqual(["trixie", "forky", "sid"]);
    expect(releasesToTry("noble")).toEqual(["noble"]);
  });
});

describe("versions", () => {
  it.each([
    ["5:7.0.15-1~deb12u10", "7.0.15"],
    ["9.1.2-1", "9.1.2"],
    ["1.6.18+dfsg-2", "1.6.18"],
  ])("takes upstream's part of %s", (version, upstream) => {
    expect(upstreamVersion(version)).toBe(upstream);
  });

  it("finds revisions by an exact version or a prefix of whole numbers", () => {
    const showsrc = ["5:7.0.15-1", "5:7.0.1-1", "5:7.0.15-2~deb12u1"].map((version) => `Package: redis\nVersion: ${version}\n`).join("\n");
    expect(matchingVersions(showsrc, "redis", "7.0.15")).toEqual(["5:7.0.15-1", "5:7.0.15-2~deb12u1"]);
    expect(matchingVersions(showsrc, "redis", "7.0.1")).toEqual(["5:7.0.1-1"]);
    expect(matchingVersions(showsrc, "redis", "7.0")).toHaveLength(3);
    expect(matchingVersions(showsrc, "valkey", "7.0")).toEqual([]);
  });
});
