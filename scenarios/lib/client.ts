/**
 * A small RESP client: one socket, requests answered in order. It counts replies rather than keep them, but for the first line of each, so that it can take
 * in large ones without holding up the load that it makes.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { StorescopeError } from "../../src/base/index.ts";

/** Bytes of a command in RESP. */
export function encode(args: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === "string" ? Buffer.from(arg) : arg;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

interface Waiting {
  left: number;
  readonly done: (firstLine: string) => void;
  readonly fail: (error: Error) => void;
}

export class Client {
  readonly socket: Socket;
  private readonly waiting: Waiting[] = [];
  /** Bytes of a bulk string still to skip, its line end included. */
  private skip = 0;
  /** Elements of arrays still to come before the reply is whole. */
  private elements = 0;
  private line = "";
  private firstLine = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.take(chunk));
    socket.on("error", () => undefined); // `close` follows and fails whoever waits.
    socket.on("close", () => {
      for (const { fail } of this.waiting.splice(0))
        fail(new StorescopeError("RECORD_FAILED", "the server closed a connection of the load"));
    });
  }

  static async open(port: number): Promise<Client> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Client(socket);
  }

  /** Sends one command; resolves with the first line of its reply, such as `+OK`, `$3` or `-MOVED 1 127.0.0.1:7001`. */
  ask(...args: readonly (string | Buffer)[]): Promise<string> {
    return this.send(encode(args), 1);
  }

  /** Sends bytes that hold `replies` commands at once; resolves with the last reply's first line. */
  send(bytes: Buffer, replies: number): Promise<string> {
    return new Promise((done, fail) => {
      this.waiting.push({ left: replies, done, fail });
      this.socket.write(bytes);
    });
  }

  /** Leaves at once. */
  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, chunk.length - at);
        this.skip -= skipped;
        at += skipped;
        if (this.skip === 0) this.element();
        continue;
      }
      const end = chunk.indexOf(10, at);
      this.line += chunk.toString("latin1", at, end < 0 ? chunk.length : end);
      if (end < 0) return;
      at = end + 1;
      const line = this.line.trimEnd();
      this.line = "";
      if (this.elements === 0) {
        this.elements = 1;
        this.firstLine = line;
      }
      const size = Number(line.slice(1));
      if (line.startsWith("$") && size >= 0) this.skip = size + 2;
      else {
        if ((line.startsWith("*") || line.startsWith(">")) && size > 0) this.elements += size;
        this.element();
      }
    }
  }

  private element(): void {
    if (--this.elements > 0) return;
    const [first] = this.waiting;
    if (first === undefined || --first.left > 0) return;
    this.waiting.shift();
    first.done(this.firstLine);
  }
}

/** Opens clients for the length of `task` and closes them whatever happens. */
export async function withClients<T>(port: number, count: number, task: (clients: readonly Client[]) => Promise<T>): Promise<T> {
  const clients: Client[] = [];
  try {
    for (let i = 0; i < count; i++) clients.push(await Client.open(port));
    return await task(clients);
  } finally {
    for (const client of clients) client.close();
  }
}
