import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";

type Prototype = Record<string, unknown>;

const closures = createRequire(import.meta.url)("./closures.cjs") as {
  search(emitter: EventEmitter, onClass: (prototype: Prototype) => unknown, isDone: () => boolean): void;
  watch(socket: EventEmitter, event: string, onEmitter: (emitter: EventEmitter) => void): void;
  codeAround(emitter: EventEmitter): string;
};

function listModule() {
  class List {
    takeFirst(): unknown {
      return this;
    }
  }
  return { __esModule: true, List };
}

function queueModule(list: ReturnType<typeof listModule>) {
  class Queue {
    readonly waiting = new list.List();
    next(): unknown {
      return this.waiting.takeFirst();
    }
  }
  return { __esModule: true, default: Queue };
}

function clientModule(queue: ReturnType<typeof queueModule>): EventEmitter {
  const replies = new queue.default();
  return new EventEmitter().on("data", () => (replies instanceof queue.default ? replies.next() : undefined));
}

/** As a bundler writes a library: nothing of it can be reached from outside but a socket that the client listens to. */
const connected = () => clientModule(queueModule(listModule()));

/** Names of the methods of all classes found; `more` returns a method to look further from. */
function found(emitter: EventEmitter, more: (prototype: Prototype) => unknown = () => undefined, isDone = () => false): readonly string[] {
  const names: string[] = [];
  closures.search(
    emitter,
    (prototype) => {
      names.push(...Object.getOwnPropertyNames(prototype));
      return more(prototype);
    },
    isDone,
  );
  return names;
}

describe("a search in closures", () => {
  it("finds the class that a listener's module has, and from its methods those that they use", () => {
    expect(found(connected())).toContain("next");
    expect(found(connected())).not.toContain("takeFirst");
    expect(found(connected(), (prototype) => prototype["next"])).toContain("takeFirst");
  });

  it("finds what listens once, and what is around another emitter", () => {
    class Inner {
      inner(): unknown {
        return this;
      }
    }
    const client = new EventEmitter().once("ready", () => new Inner());
    const socket = new EventEmitter().once("connect", () => client.emit("ready"));
    expect(found(socket)).toContain("inner");
  });

  it("ends when it is told to", () => {
    expect(
      found(
        connected(),
        (prototype) => prototype["next"],
        () => true,
      ),
    ).not.toContain("takeFirst");
  });

  it("reads no getter, wakes no proxy, and leaves nothing in the global object", () => {
    let calls = 0;
    const touched = (): never => {
      calls++;
      throw new Error("touched");
    };
    const getter = Object.defineProperty({ __esModule: true }, "default", { get: touched, enumerable: true });
    const proxy = new Proxy(class {}, { get: touched, getOwnPropertyDescriptor: touched, getPrototypeOf: touched, ownKeys: touched });
    const before = Reflect.ownKeys(globalThis);
    found(new EventEmitter().on("data", () => [getter, proxy]).on("end", proxy as unknown as () => void));
    expect(calls).toBe(0);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
  });

  it("runs nothing that the application has put off", async () => {
    const ran: string[] = [];
    queueMicrotask(() => ran.push("microtask"));
    process.nextTick(() => ran.push("tick"));
    found(connected());
    expect(ran).toEqual([]);
    await new Promise(setImmediate);
    expect(ran.toSorted()).toEqual(["microtask", "tick"]);
  });
});

describe("a watch for the emitter that passes an event on", () => {
  const relay = (): { readonly socket: EventEmitter; readonly client: EventEmitter; readonly got: unknown[] } => {
    const got: unknown[] = [];
    const client = new EventEmitter().on("data", (chunk) => got.push(chunk));
    const socket = new EventEmitter().on("data", (chunk) => client.emit("data", chunk));
    return { socket, client, got };
  };

  it("tells it once, passes everything on, and is gone after that", () => {
    const { emit } = EventEmitter.prototype;
    const { socket, client, got } = relay();
    const seen: EventEmitter[] = [];
    closures.watch(socket, "data", (emitter) => seen.push(emitter));
    socket.emit("data", 1);
    expect(EventEmitter.prototype.emit).toBe(emit);
    socket.emit("data", 2);
    expect(seen).toEqual([client]);
    expect(got).toEqual([1, 2]);
  });

  it("is gone at the next microtask, and when another begins, whatever happened", async () => {
    const { emit } = EventEmitter.prototype;
    const { socket } = relay();
    closures.watch(socket, "data", () => undefined);
    closures.watch(new EventEmitter(), "data", () => undefined);
    await Promise.resolve();
    expect(EventEmitter.prototype.emit).toBe(emit);
  });
});

it("code around two emitters is the same where the same functions listen", () => {
  expect(closures.codeAround(connected())).toBe(closures.codeAround(connected()));
  expect(closures.codeAround(connected())).not.toBe(closures.codeAround(new EventEmitter().on("data", () => 1)));
});
