/** `storescope doctor`. */
import { examine } from "../../record/index.ts";
import { findStore } from "../../record/store/index.ts";
import type { CommandFile } from "../contract.ts";
import { printable } from "../format.ts";

const needed = {
  run: "Storescope itself",
  record: "recording",
  build: "building the instrumented Redis",
  node: "tracing Node.js",
  compare: "comparing with Babeltrace in tests",
} as const;

const doctor: CommandFile = (command, shell) => {
  command
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExits with 1 when recording is impossible here.\n\nExamples:\n  storescope doctor\n  storescope doctor --json | jq '.checks[] | select(.status == \"problem\")'\n",
    )
    .action(async (options: { json?: boolean }) => {
      const diagnosis = await examine((await findStore())?.server);
      if (!diagnosis.canRecord) process.exitCode = 1;
      if (options.json) {
        shell.printJson(diagnosis);
        return;
      }
      for (const check of diagnosis.checks) {
        const isOk = check.status === "ok";
        shell.print(`${isOk ? "ok     " : "problem"}  ${check.title}: ${printable(check.detail)}\n`);
        if (check.fix !== undefined) shell.print(`         needed for ${needed[check.neededTo]}; fix: ${printable(check.fix)}\n`);
      }
      shell.print(
        diagnosis.canRecord ? "\nThis machine can record.\n" : "\nThis machine cannot record yet; traces made elsewhere can be opened.\n",
      );
    });
};

export default doctor;
