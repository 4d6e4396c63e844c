// Where commands begin and end in a stream of RESP requests (arrays of bulk strings), however it is cut into chunks:
//
//     *2 CRLF $3 CRLF GET CRLF $3 CRLF key CRLF
//     ^start                                   ^end
//
// Keeps each command's name and nothing else: arguments are skipped unseen.
"use strict";

const [star, dollar, cr, lf, zero] = [..."*$\r\n0"].map((text) => text.charCodeAt(0));
const longestName = 32;

/** Whether these could be the first bytes of such a stream. */
exports.looksLikeRequest = (chunk) =>
  typeof chunk === "string" ? /^\*[1-9]/.test(chunk) : chunk.length > 1 && chunk[0] === star && chunk[1] > zero && chunk[1] <= zero + 9;

exports.Scanner = class {
  #offset;
  #start = 0;
  /** What is being read: the line of `*` or `$`, or a bulk string's bytes and CRLF. */
  #type = 0;
  #number = 0;
  #skip = 0;
  #argumentsLeft = 0;
  #name = "";
  #isName = false;

  /** The next byte has this offset. */
  constructor(offset) {
    this.#offset = offset;
  }

  /** Where the next bytes must begin. */
  get offset() {
    return this.#offset;
  }

  /** Calls `onCommand(name, start, end)` for each command that ends in these bytes. False when they are no requests. */
  feed(bytes, onCommand) {
    const base = this.#offset;
    this.#offset += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      if (this.#skip > 0) {
        const taken = Math.min(this.#skip, bytes.length - at);
        if (this.#isName) this.#name += bytes.latin1Slice(at, at + Math.min(taken, Math.max(0, this.#skip - 2)));
        this.#skip -= taken;
        at += taken;
        if (this.#skip === 0) {
          this.#isName = false;
          if (--this.#argumentsLeft === 0) onCommand(this.#name, this.#start, base + at);
        }
        continue;
      }
      const byte = bytes[at];
      if (this.#type === 0) {
        if (byte !== (this.#argumentsLeft === 0 ? star : dollar)) return false;
        if (this.#argumentsLeft === 0) this.#start = base + at;
        this.#type = byte;
        this.#number = 0;
      } else if (byte === lf) {
        if (this.#type === star) {
          if (this.#number === 0) return false;
          this.#argumentsLeft = this.#number;
          this.#name = "";
          this.#isName = true;
        } else {
          if (this.#isName && this.#number > longestName) return false;
          this.#skip = this.#number + 2;
        }
        this.#type = 0;
      } else if (byte !== cr) {
        if (byte < zero || byte > zero + 9 || this.#number > 1e9) return false;
        this.#number = this.#number * 10 + byte - zero;
      }
      at++;
    }
    return true;
  }
};

/** Whether bytes that arrived begin with a published message: `*3 $7 message`, a pattern's or a shard's, or the same as a push (RESP3). */
exports.looksLikeMessage = (chunk) =>
  chunk.length > 14 &&
  (chunk[0] === 0x2a || chunk[0] === 0x3e) &&
  typeof chunk.latin1Slice === "function" &&
  /^[*>][34]\r\n\$[78]\r\n[ps]?message\r\n/.test(chunk.latin1Slice(0, Math.min(20, chunk.length)));
