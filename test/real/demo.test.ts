/** The demo, whole: what it prints, and that nothing is left on any way out. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { idleDaemons, processesIn, processesWith, type Running, run, sessionsOf, start } from "./support.ts";

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "storescope-demo-test-"));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Everything the demo makes lies in this folder, and its processes work there. */
const demo = (...args: string[]) => start(["demo", "--size", "small", ...args], { env: { TMPDIR: temporary } });

async function expectNothingLeft(running: Running): Promise<void> {
  expect(processesIn(temporary)).toEqual([]);
  expect(sessionsOf(running.child.pid)).toEqual([]);
  expect(idleDaemons()).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
}

/** The nodes' process ids. */
const nodes = () => processesIn(temporary).filter((pid) => processesWith("[cluster]").includes(pid));

describe("storescope demo", () => {
  it("records a cluster, loses nothing, prints what happened, and leaves nothing", async () => {
    const running = demo("--no-open", "--json");
    const { code, stdout, stderr } = await running.ended;
    expect(stderr).toContain("ok analysing");
    expect(code).toBe(0);
    const summary = JSON.parse(stdout);
    expect(summary.recording.lostEvents).toBe(0);
    expect(summary.stats.nodes).toHaveLength(3);
    expect(summary.slowest).toHaveLength(5);
    // Each publish goes to the two other nodes.
    const sent = Math.max(
      ...summary.stats.nodes.map((node: { bus: { messagesSent: number }[] }) => node.bus.reduce((sum, link) => sum + link.messagesSent, 0)),
    );
    expect(sent).toBeGreaterThanOrEqual(400);
    await expectNothingLeft(running);
  });

  it("serves the UI until Ctrl-C", async () => {
    const running = demo();
    await running.says("Ctrl-C stops serving");
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    await expectNothingLeft(running);
  });

  it.each(["ok starting a cluster", "ok starting to record", "ok 100 lpush, pipeline 16"])(
    "leaves nothing when stopped after `%s`",
    async (line) => {
      const running = demo("--no-open");
      await running.says(line);
      running.child.kill("SIGINT");
      expect((await running.ended).code).toBe(130);
      await expectNothingLeft(running);
    },
  );

  it("fails, and leaves nothing, when a node is killed", async () => {
    const running = start(["demo", "--size", "medium", "--no-open"], { env: { TMPDIR: temporary } });
    await running.says("ok starting to record");
    await delay(100);
    const [victim] = nodes();
    expect(victim).toBeDefined();
    process.kill(victim!, "SIGKILL");
    const { code, stderr } = await running.ended;
    expect(stderr).toContain("RECORD_FAILED");
    expect(code).toBe(1);
    await expectNothingLeft(running);
  });

  it("takes its servers with it when it is killed itself", async () => {
    const running = demo("--no-open");
    await running.says("ok starting to record");
    running.child.kill("SIGKILL");
    await running.ended;
    for (let tries = 0; nodes().length > 0 && tries < 100; tries++) await delay(20);
    expect(nodes()).toEqual([]);
    // Its session goes with the next recording, its folder with the system's temporary files.
    expect((await run(["record", "--output", join(temporary, "next"), "--", "true"])).code).toBe(0);
    expect(sessionsOf(running.child.pid)).toEqual([]);
    for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true });
  });

  it("keeps the trace where it is told to, and nowhere that holds something", async () => {
    const keep = mkdtempSync(join(tmpdir(), "storescope-kept-"));
    try {
      const output = join(keep, "trace");
      expect((await demo("--no-open", "--keep", output).ended).code).toBe(0);
      expect(existsSync(join(output, "ust"))).toBe(true);
      const again = await demo("--no-open", "--keep", output).ended;
      expect(again.code).toBe(2);
      expect(again.stderr).toContain("not empty");
    } finally {
      rmSync(keep, { recursive: true, force: true });
    }
  });

  it("opens the trace that ships where nothing can be recorded, and says why in one line", async () => {
    const { code, stdout, stderr } = await run(["demo", "--no-open"], { env: { STORESCOPE_NO_RECORDING: "no LTTng for this test" } });
    expect(code).toBe(0);
    expect(stderr.split("\n").filter((line) => line.includes("no LTTng for this test"))).toHaveLength(1);
    expect(stdout).toContain("slowest requests");
  });

  it("lists its scenarios", async () => {
    expect((await run(["demo", "--list"])).stdout).toContain("cluster: Redis cluster under redis-benchmark");
  });
});

describe("the package", () => {
  it("works after npm pack and an install in an empty folder", () => {
    const tool = fileURLToPath(new URL("../../tools/pack-check.mjs", import.meta.url));
    expect(execFileSync(process.execPath, [tool], { encoding: "utf8" })).toContain("the installed package opens what it ships");
  }, 300_000);
});
