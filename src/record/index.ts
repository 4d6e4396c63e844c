/** Recording: front door. LTTng sessions around Redis, and what this machine can do. The instrumented stores are built by `store/`. */
export type { ChannelSize } from "./channel.ts";
export type { CommandResult } from "./command.ts";
export { type Check, type Diagnosis, examine } from "./doctor.ts";
export type { TracedProcess } from "./lttng.ts";
export { type RecordOptions, type RecordSummary, record } from "./record.ts";
export { type Recording, type RecordingOptions, type RecordResult, startRecording } from "./recording.ts";
