/**
 * The `python` provider's events: the one place where they are defined.
 *
 * Generated from this file (`npm run gen`): the LTTng-UST provider (instrumentation/python/native), the numbers of the events for Python, and
 * docs/events-python.md.
 */
import { detailEvents, type EventDefinition, event, serviceEvents } from "../services.ts";

/** Values of `library` in store_command. */
export const storeLibraries = { "redis-py": 1 } as const;

export const events: readonly EventDefinition[] = [
  event(
    "process_info",
    "u32 environment, string python_version, string script, string service",
    "Who this process is: when tracing is switched on. Environment is 0: all threads of a process count their ids together.",
  ),
  ...serviceEvents,
  event(
    "tracing_end",
    "u32 environment, string reason",
    "Something of ours failed: of this process nothing more is told, though it runs on. The reason is the kind of error and the line of our code.",
  ),
];

/** The LTTng event names, with the provider's prefix; all, or those that analyses need. */
export function pythonEventNames(withDetails = true): readonly string[] {
  return events.filter(({ name }) => withDetails || !detailEvents.has(name)).map(({ name }) => `python:${name}`);
}
