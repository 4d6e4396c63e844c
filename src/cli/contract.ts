/** What a file in commands/ exports: it configures its command (arguments, options, help, action). To add one: the file, and a line in main.ts. */
import type { Command } from "commander";
import type { Shell } from "./shell.ts";

export type CommandFile = (command: Command, shell: Shell) => void;
