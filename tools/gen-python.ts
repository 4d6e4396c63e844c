/**
 * Generates what the `python` provider's C and Python say about events from the one definition, src/environments/python/events.ts:
 *
 *     instrumentation/python/native/python_tp.h    the LTTng-UST provider: one struct and one tracepoint per event
 *     instrumentation/python/native/python_emit.h  from numbers and strings to a tracepoint, by the event's number
 *     instrumentation/python/storescope/events.py  from Python arguments to numbers and strings
 *     docs/events-python.md                        the reference for people
 *
 * Pure: it returns the files' texts. tools/gen-provider.mjs writes or compares them.
 */
import { events, storeLibraries } from "../src/environments/python/events.ts";
import { evidence } from "../src/environments/services.ts";
import { emitHeader, eventTable, evidenceText, type GeneratedFile, most, numbers, providerHeader, strings } from "./service-provider.ts";

const notice = "Generated from src/environments/python/events.ts by tools/gen-python.ts. Do not edit.";
const constant = (name: string) => name.toUpperCase().replaceAll("-", "_");
const tuple = (names: readonly string[]) => `(${names.join(", ")}${names.length === 1 ? "," : ""})`;

function emitScript(): string {
  const methods = events
    .map((event, index) => {
      const own = (fields: typeof event.fields) => fields.map(({ name }) => name);
      const [n, s] = [own(numbers(event)), own(strings(event))];
      return `\n    def ${event.name}(self, ${[...n, ...s].join(", ")}):\n        self.native(${index}, ${tuple(n)}, ${tuple(s)})\n`;
    })
    .join("");
  const hows = Object.entries(evidence).map(([name, { code }]) => `HOW_${constant(name)} = ${code}\n`);
  const libraries = Object.entries(storeLibraries).map(([name, code]) => `LIBRARY_${constant(name)} = ${code}\n`);
  return `"""One method per event: numbers first, then strings, in the order of the definition.

${notice}
"""

NUMBERS = ${most(events, (event) => numbers(event).length)}
STRINGS = ${most(events, (event) => strings(event).length)}
${hows.join("")}${libraries.join("")}

class Emitters:
    """The emitters over a function \`native(event, numbers, strings)\`."""

    def __init__(self, native):
        self.native = native
${methods}`;
}

function documentation(): string {
  return `# Events of the \`python\` provider

<!-- ${notice} -->

A Python process that runs with Storescope's sitecustomize offers these LTTng-UST events. They say what those of Node.js say ([events-node.md](events-node.md)), in the same
words. Stream offsets count bytes from the connection's start. Ids (\`conn_id\`, \`context\`, \`request\`) are unique in their process; 0 is none. A context is the
HTTP request below which something is done.

${eventTable("python", events)}
${evidenceText()}
\`library\`: ${Object.entries(storeLibraries)
    .map(([name, code]) => `${code} ${name}`)
    .join(", ")}.

No bodies, query strings, keys or arguments are recorded: of an HTTP request its method, host and path, of a command its name.
`;
}

/** Every generated file of the `python` provider. */
export function generatePython(): readonly GeneratedFile[] {
  return [
    { path: "instrumentation/python/native/python_tp.h", text: providerHeader("python", events, notice) },
    { path: "instrumentation/python/native/python_emit.h", text: emitHeader("python", events, notice) },
    { path: "instrumentation/python/storescope/events.py", text: emitScript() },
    { path: "docs/events-python.md", text: documentation() },
  ];
}
