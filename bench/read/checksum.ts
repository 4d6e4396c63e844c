/** Order-sensitive checksum over the values of fields. Integers count modulo 2^32, floats by their whole part,
 * text by its length, first and last byte. */
export class Checksum {
  value = 17;

  number(value: number): void {
    this.value = (Math.imul(this.value, 31) + (value | 0)) | 0;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    this.number(end - start);
    this.number(end > start ? (bytes[start] ?? 0) * 256 + (bytes[end - 1] ?? 0) : 0);
  }
}
