/** Front door of the wire: the Trace Server Protocol's types, Storescope's own API, and the JSON that carries both. */
export * from "./api.ts";
export { type Decoder, int64, list, object, optional, text } from "./decode.ts";
export * from "./json.ts";
export * from "./parameters.ts";
export * from "./responses.ts";
export * from "./wire.ts";
