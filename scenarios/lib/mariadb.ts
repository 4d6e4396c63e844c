/** A MariaDB of the distribution on a private UNIX socket, in one folder, with nothing on the network. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { StorescopeError } from "../../src/base/index.ts";
import type { Processes } from "./processes.ts";

/** Where a program is; Debian puts servers where an ordinary user's PATH does not look. */
function find(program: string): string {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there.
    }
  }
  throw new StorescopeError(
    "TOOL_MISSING",
    `${program} is not installed (Debian: apt-get install mariadb-server-core mariadb-client-core)`,
  );
}

export interface Mariadb {
  readonly socketPath: string;
  /** Who may do everything, without a password. */
  readonly user: string;
  readonly pid: number;
}

/** Makes a data directory below `directory` and starts the server; returns once it listens on its socket. */
export async function startMariadb(processes: Processes, directory: string): Promise<Mariadb> {
  const folder = join(directory, "mariadb");
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const own = process.getuid?.() === 0 ? ["--user=root"] : [];
  await processes.run(
    find("mariadb-install-db"),
    ["--no-defaults", ...own, `--datadir=${data}`, `--tmpdir=${folder}`, "--auth-root-authentication-method=normal", "--skip-test-db"],
    { log: "mariadb-install" },
  );
  // A socket's path has room for a hundred characters only: the folder's own is used, not a longer one below it.
  const socketPath = join(directory, "db.sock");
  const settings = [
    ...own,
    `--datadir=${data}`,
    `--tmpdir=${folder}`,
    `--socket=${socketPath}`,
    `--pid-file=${join(folder, "pid")}`,
    "--skip-networking",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=2",
    "--skip-log-bin",
    "--performance-schema=OFF",
  ];
  const pid = await processes.start(find("mariadbd"), ["--no-defaults", ...settings], { log: "mariadbd" });
  await processes.waitFor("MariaDB's socket", 30, async () => {
    try {
      accessSync(socketPath);
      return true;
    } catch {
      return false;
    }
  });
  return { socketPath, user: "root", pid };
}
