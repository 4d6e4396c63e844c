/** `npm run new`, in a copy of the checkout: what it makes passes the gate as it is. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "storescope-new-test-"));
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: checkout, encoding: "utf8" });
  for (const file of new Set(files.split("\0"))) {
    if (/^(src|scenarios|tools|docs|instrumentation|bench|test|[^/]+$)/.test(file))
      cpSync(join(checkout, file), join(copy, file), { recursive: true });
  }
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  execFileSync("git", ["init", "--quiet"], { cwd: copy });
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: copy, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

it("makes a view, an analysis, a diagnosis and an environment that pass the gate and their own tests", () => {
  for (const [kind, name] of [
    ["view", "two-words"],
    ["analysis", "last-event"],
    ["diagnosis", "long-requests"],
    ["environment", "runtime"],
  ] as const) {
    expect(node("tools/new.mjs", kind, name)).toContain("index.ts");
  }
  expect(node("tools/check.mjs", "--static")).toContain("all 6 steps passed");
  const tests = ["src/views/two-words", "src/analyses/last-event", "src/diagnoses/long-requests", "src/environments/runtime"];
  expect(node("node_modules/vitest/vitest.mjs", "run", "--project", "unit", ...tests)).toMatch(/Tests.*4 passed/);
});

it.each([
  ["view", "Not Kebab"],
  ["view", "netflow"],
  ["gadget", "x"],
  ["view", "../../escape"],
])("refuses %s %s", (kind, name) => {
  expect(() => node("tools/new.mjs", kind, name)).toThrow(/Command failed/);
});
