/** Order-sensitive checksum over the values of fields. Integers count modulo 2^32, floats by their whole part, text byte by byte. */
export class Checksum {
  value = 17;

  number(value: number): void {
    this.value = (Math.imul(this.value, 31) + (value | 0)) | 0;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    let sum = Math.imul(this.value, 31) + (end - start);
    for (let at = start; at < end; at++) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) | 0;
    this.value = sum | 0;
  }
}
