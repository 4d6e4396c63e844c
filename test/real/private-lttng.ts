/**
 * A private LTTng for tests: a mount namespace with its own /run and /dev/shm, so that a session daemon in it neither sees nor disturbs the machine's.
 * Needs root, or user namespaces. Everything started through it ends with `close`.
 */
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

export class PrivateLttng {
  private readonly holder: ChildProcess;
  private readonly children: ChildProcess[] = [];
  readonly daemon: ChildProcess;
  private sessions = 0;

  private constructor(holder: ChildProcess) {
    this.holder = holder;
    this.daemon = this.start("lttng-sessiond", ["--quiet"]);
  }

  static async open(): Promise<PrivateLttng> {
    const set = "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm && echo ready && exec sleep infinity";
    const isRoot = process.getuid?.() === 0;
    const holder = spawn("unshare", [...(isRoot ? [] : ["--map-root-user"]), "--mount", "--propagation", "private", "sh", "-c", set], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [text] = (await once(holder.stdout as NonNullable<typeof holder.stdout>, "data")) as [Buffer];
    if (text.toString() !== "ready\n") throw new Error(`no private namespace: ${text}`);
    const lttng = new PrivateLttng(holder);
    for (let tries = 0; tries < 100; tries++) {
      try {
        lttng.run("lttng", ["--no-sessiond", "list"]);
        return lttng;
      } catch {
        await sleep(50);
      }
    }
    throw new Error("the private session daemon does not answer");
  }

  /** Arguments of nsenter for a program in the namespace. With `--root`, since entering a mount namespace alone leads to its root, which in a chroot is not ours. */
  enter(program: string, args: readonly string[]): readonly string[] {
    return [...(process.getuid?.() === 0 ? [] : ["--user"]), "--mount", "--root", `--target=${this.holder.pid}`, "--", program, ...args];
  }

  /** Runs a program in the namespace to its end; its standard output. Throws when it fails. */
  run(program: string, args: readonly string[]): string {
    return execFileSync("nsenter", this.enter(program, args), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 30 });
  }

  /** Starts a program in the namespace. nsenter becomes the program, so the child's id is the program's. */
  start(program: string, args: readonly string[], stdio: StdioOptions = "ignore"): ChildProcess {
    const child = spawn("nsenter", this.enter(program, args), { stdio });
    this.children.push(child);
    return child;
  }

  /** Creates and starts a session that records the named events; returns how to stop it. */
  record(directory: string, events: readonly string[]): { readonly stop: () => void } {
    const session = `test-${process.pid}-${this.sessions++}`;
    this.run("lttng", ["create", session, "--output", directory]);
    this.run("lttng", ["enable-channel", "--userspace", "--session", session, "--subbuf-size=2M", "--num-subbuf=8", "channel"]);
    this.run("lttng", ["enable-event", "--userspace", "--session", session, "--channel", "channel", events.join(",")]);
    this.run("lttng", ["add-context", "--userspace", "--session", session, "--channel", "channel", "--type", "vtid"]);
    this.run("lttng", ["start", session]);
    return {
      stop: () => {
        this.run("lttng", ["stop", session]);
        this.run("lttng", ["destroy", session]);
      },
    };
  }

  async close(): Promise<void> {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await once(child, "exit");
      clearTimeout(timer);
    }
    this.holder.kill("SIGKILL");
  }
}
