/** Order-sensitive checksum over the values of fields. Integers count modulo 2^32, floats by their whole part,
 * text by its length and the sum of its bytes. */
export class Checksum {
  value = 17;

  number(value: number): void {
    this.value = (Math.imul(this.value, 31) + (value | 0)) | 0;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    let sum = 0;
    for (let at = start; at < end; at++) sum += bytes[at] ?? 0;
    this.number(end - start);
    this.number(sum);
  }
}
