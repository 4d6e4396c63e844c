/** A file of bytes that can be read anywhere: what the reader needs from the outside world. */
export interface ByteFile {
  readonly path: string;
  /** Bytes when it was opened. What a tracer appends later is not seen. */
  readonly size: number;
  /** Reads up to `length` bytes at `offset` to the start of `into`; gives how many there were. */
  read(offset: number, into: Uint8Array, length: number): number;
  /** What the tracer's index of this file holds; undefined where there is none. */
  index?(): Uint8Array | undefined;
  close(): void;
}
