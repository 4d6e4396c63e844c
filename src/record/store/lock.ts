/** A lock between processes: a file with its holder's process id, made exclusively. A dead holder's lock is taken over. */
import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { StorescopeError, type TaskOptions } from "../../base/index.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw cause;
  }
}

async function holder(file: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(file, "utf8"), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/** Waits for the lock, does the work, and gives the lock back whatever happens. */
export async function withLock<T>(file: string, task: TaskOptions, work: () => Promise<T>): Promise<T> {
  let emptyReads = 0;
  while (!(await tryLock(file))) {
    if (task.signal?.aborted) throw new StorescopeError("CANCELLED", "cancelled while another process built the same store");
    const pid = await holder(file);
    // A file without a number is being written, or its writer died in between: give it two seconds.
    emptyReads = pid === undefined ? emptyReads + 1 : 0;
    if ((pid !== undefined && !isAlive(pid)) || emptyReads > 10) {
      await rm(file, { force: true });
      continue;
    }
    task.onProgress?.({ label: `waiting for process ${pid ?? "?"}, which builds the same store`, done: 0, total: 0 });
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
