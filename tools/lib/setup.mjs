// What tools need that may not be on the machine: Debian packages (through sudo when not root) and the npm packages of the lock file.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";
import { run } from "./run.mjs";

/** To build the instrumented store and to record. */
export const recordPackages = [
  "lttng-tools",
  "liblttng-ust-dev",
  "coccinelle",
  "gcc",
  "make",
  "libc6-dev",
  "pkg-config",
  "libssl-dev",
  "dpkg-dev",
  "ca-certificates",
];
/** What the shop's scenarios keep their data in besides. */
export const shopPackages = ["mariadb-client-core", "mariadb-server-core"];
/** What the tests compare with and look through. */
export const testPackages = [
  ...recordPackages,
  ...shopPackages,
  "babeltrace2",
  "chromium",
  "fonts-dejavu-core",
  "iproute2",
  "postgresql-15",
  "python3-redis",
];

const has = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;

function missing(packages) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format language.
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...packages], { encoding: "utf8" });
  const installed = new Set(stdout.split("\n").flatMap((line) => (line.endsWith(" installed") ? [line.split(" ")[0]] : [])));
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs the Debian packages that are missing.
 * Returns undefined when all are there now, otherwise one sentence that says why they can't be had; output of a failing step goes to stderr.
 */
export async function ensurePackages(packages, report) {
  if (!has("dpkg-query") || !has("apt-get")) return `this system (${process.platform}) has no apt, and LTTng-UST traces Linux only`;
  const wanted = missing(packages);
  if (wanted.length === 0) return undefined;
  const isRoot = process.getuid?.() === 0;
  // Where nobody can type a password, sudo must not want one.
  const canSudo = () =>
    spawnSync("sudo", process.stdin.isTTY ? ["--version"] : ["--non-interactive", "true"], { stdio: "ignore" }).status === 0;
  if (!isRoot && !canSudo()) return `installing needs root or sudo: apt-get install ${wanted.join(" ")}`;
  const apt = async (...args) => {
    const command = [...(isRoot ? [] : ["sudo"]), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args];
    return await run(command[0], command.slice(1), { isInteractive: !isRoot });
  };
  report(`installing Debian packages: ${wanted.join(" ")}`);
  const install = () => apt("install", "--yes", "--no-install-recommends", ...wanted);
  await apt("update");
  const result = await install();
  if (result.code !== 0) process.stderr.write(result.output);
  const left = missing(packages);
  return left.length === 0 ? undefined : `apt-get could not install ${left.join(" ")}`;
}

/** Whether node_modules holds what the lock file says (optional packages, such as those of other platforms, may be absent). */
function areNodeModulesRight() {
  const installedFile = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  const { "": _self, ...wanted } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => {
    const there = installed[path];
    return there === undefined ? optional || devOptional || peer : there.version === version;
  });
}

/** Installs the npm packages when they are missing or differ from the lock file. Throws when that fails. */
export async function ensureNodeModules(report) {
  if (areNodeModulesRight()) return;
  report("installing npm packages");
  const { code, output } = await run("npm", ["ci", "--no-audit", "--no-fund"]);
  if (code !== 0) throw new Error(`npm ci failed:\n${output}`);
}
