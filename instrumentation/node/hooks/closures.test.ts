import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";

type Prototype = Record<string, unknown>;

const closures = createRequire(import.meta.url)("./closures.cjs") as {
  search(
    emitter: EventEmitter,
    onClass: (prototype: Prototype, variablesOf: (method: unknown) => readonly unknown[]) => unknown,
    isDone: () => boolean,
  ): void;
  classesBelow(root: object, names: readonly string[], onClass: (prototype: Prototype) => void): void;
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

  class Pool extends EventEmitter {
    nextFree(): unknown {
      return this;
    }
  }
  class BoundPool extends Pool {}
  const idle = (pool: Pool): (() => unknown) => {
    return () => pool.nextFree();
  };

  it("finds what a bound listener is bound to, and the classes that that one's is derived from", () => {
    expect(found(new EventEmitter().on("error", Pool.prototype.nextFree.bind(new BoundPool())))).toContain("nextFree");
  });

  it("finds what an emitter holds: whom it calls back, and whose it is", () => {
    expect(found(Object.assign(new EventEmitter(), { onConnect: idle(new BoundPool()) }))).toContain("nextFree");
    expect(found(Object.assign(new EventEmitter(), { [Symbol("client")]: new BoundPool() }))).toContain("nextFree");
  });

  it("looks into functions among the few variables of a call, not into those of a whole application", () => {
    const listen = (variables: number): EventEmitter => {
      const release = idle(new BoundPool());
      const names = Array.from({ length: variables }, (_, i) => `v${i}`);
      // As many variables around the listener as are asked for.
      const make = new Function("release", ...names, `return () => [release, ${names.join()}];`) as (...values: unknown[]) => () => unknown;
      return new EventEmitter().on("data", make(release));
    };
    expect(found(listen(2))).toContain("nextFree");
    expect(found(listen(20))).not.toContain("nextFree");
  });

  it("has the variables around a method of a class that it found", () => {
    const waiting = new WeakMap<object, string>();
    class Queue {
      first(): unknown {
        return waiting.get(this);
      }
    }
    const variables: unknown[] = [];
    closures.search(
      new EventEmitter().on("data", () => new Queue()),
      (prototype, variablesOf) => {
        if (Object.hasOwn(prototype, "first")) variables.push(...variablesOf(prototype["first"]));
      },
      () => false,
    );
    expect(variables).toContain(waiting);
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

describe("classes below an object", () => {
  class Inner {
    inner(): unknown {
      return this;
    }
  }
  const names = (root: object): readonly string[] => {
    const all: string[] = [];
    closures.classesBelow(root, ["call", "calls"], (prototype) => all.push(...Object.getOwnPropertyNames(prototype)));
    return all;
  };

  it("are those of what it holds by these names, however deep, and of no other", () => {
    expect(names({ call: { call: { calls: [{ call: new Inner() }] } } })).toContain("inner");
    expect(names({ other: new Inner() })).not.toContain("inner");
  });

  it("are found once in a circle, and without a getter or a proxy being woken", () => {
    const touched = (): never => {
      throw new Error("touched");
    };
    const circle: Record<string, unknown> = { calls: new Proxy([], { get: touched, getOwnPropertyDescriptor: touched }) };
    circle["call"] = circle;
    expect(names(circle)).not.toContain("inner");
    expect(names(Object.defineProperty({}, "call", { get: touched }))).not.toContain("inner");
  });
});

it("code around two emitters is the same where the same functions listen", () => {
  expect(closures.codeAround(connected())).toBe(closures.codeAround(connected()));
  expect(closures.codeAround(connected())).not.toBe(closures.codeAround(new EventEmitter().on("data", () => 1)));
});
