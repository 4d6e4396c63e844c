/** Findings as text for a terminal. */
import type { DiagnosisReport, Experiment, Finding } from "../engine/index.ts";
import { count, offset, printable } from "./format.ts";
import type { Shell } from "./shell.ts";

const width = 100;

/** Breaks a paragraph into lines. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  lines.push(line);
  return lines.map((each) => `${indent}${each}\n`).join("");
}

function findingText(shell: Shell, experiment: Experiment, finding: Finding, paths: readonly string[]): string {
  const at = (time: bigint): string => offset(Number(time - experiment.start));
  const range = `from ${at(finding.start)} to ${at(finding.end)}`;
  const [request] = finding.requests;
  const trace = paths.join(" ");
  const where = request === undefined ? `storescope open ${trace}` : `storescope requests ${trace} --id ${request}`;
  return [
    `${shell.bold(`${finding.severity}: ${finding.title}`)}  (${finding.id}, confidence ${finding.confidence})\n`,
    wrap(printable(finding.prose), "  "),
    wrap(`What to do: ${finding.advice}`, "  "),
    `  See ${finding.link.view}, ${range}: ${printable(where)}\n`,
  ].join("");
}

/** Findings, the worst first; a line that says so where there is none. */
export function findingsText(shell: Shell, experiment: Experiment, report: DiagnosisReport, paths: readonly string[]): string {
  if (report.findings.length === 0) return "Nothing found.\n";
  return report.findings.map((finding) => findingText(shell, experiment, finding, paths)).join("\n");
}

/** What was looked for and not found, in one line, and one for each that could not tell. */
export function unansweredText({ notFound, cannotTell }: DiagnosisReport): string {
  const absent = notFound.length === 0 ? "" : `\nNot found: ${notFound.map(({ id }) => id).join(", ")}.\n`;
  const open = cannotTell.length === 0 ? "" : `\n${count(cannotTell.length)} cannot tell:\n`;
  return `${absent}${open}${cannotTell.map(({ id, reason }) => `  ${id}: ${printable(reason)}\n`).join("")}`;
}
