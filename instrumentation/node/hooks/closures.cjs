// Classes of libraries that have no file of their own, because a bundler put them into the application's: found in what functions close over.
//
//     emitter -- listeners, methods of its own, classes --> function -- closure --> variables of the function, of its module --> a class, or exports that hold it
//                                                                                                                            another emitter (the client), and so on
//
// A function that was bound to an object has that instead of variables.
// Only V8's inspector shows closures. A session of it inside the thread is opened for one search and closed after it; nothing is enabled in it, so no code is
// stopped or slowed, and no port opened. All of a search runs before it returns. Properties are read as they lie: getters and proxies are left alone.
// Where there is no inspector (left out of the build, or not permitted), nothing is found.
"use strict";
const { EventEmitter } = require("node:events");
const { types } = require("node:util");

/** How far one search goes: several times what it takes to find what there is to be found. */
const mostFunctions = 40;
/** A scope of more variables than this may be a whole application's: functions in it are not looked into. */
const fewVariables = 8;

/** The value of a property that is no getter. */
const own = (object, name) => Object.getOwnPropertyDescriptor(object, name)?.value;

/** Reads closures, until it is closed. */
function openInspector() {
  const { Session } = require("node:inspector");
  const session = new Session();
  session.connect();
  const close = () => session.disconnect();

  function post(method, parameters) {
    let answer;
    session.post(method, parameters, (error, result) => {
      if (error == null) answer = result;
    });
    if (answer === undefined) throw new Error(`${method} was not answered`);
    return answer;
  }

  /** What the inspector calls this value. It is lent to it by a global's name that exists during this call. */
  function idOf(value) {
    const name = `storescope${process.pid}`;
    Object.defineProperty(globalThis, name, { value, configurable: true });
    try {
      return post("Runtime.evaluate", { expression: `globalThis.${name}`, silent: true }).result.objectId;
    } finally {
      delete globalThis[name];
    }
  }

  let handed;
  let hand;
  try {
    hand = idOf((value) => {
      handed = value;
    });
  } catch (error) {
    close();
    throw error;
  }

  /** The value itself that the inspector calls this. */
  function handOver({ objectId }) {
    const functionDeclaration = "function (hand) { hand(this); }";
    post("Runtime.callFunctionOn", { objectId, functionDeclaration, arguments: [{ objectId: hand }], silent: true });
    const value = handed;
    handed = undefined;
    return value;
  }

  return {
    /**
     * `scopes`: variables by their names, one object for each scope around the function, the innermost first, but for the global ones. `bound`: what a bound function
     * passes on to, and with what as `this`.
     */
    look(closure) {
      const scopes = [];
      const bound = [];
      const { internalProperties = [] } = post("Runtime.getProperties", { objectId: idOf(closure), ownProperties: true });
      for (const { name, value } of internalProperties) {
        if (value?.objectId === undefined) continue;
        if (name === "[[TargetFunction]]" || name === "[[BoundThis]]") bound.push(handOver(value));
        if (name !== "[[Scopes]]") continue;
        for (const { value: each } of post("Runtime.getProperties", { objectId: value.objectId, ownProperties: true }).result) {
          if (each?.objectId === undefined || each.description === "Global") continue;
          // V8 hands over the scope with its description.
          const scope = own(handOver(each), "object");
          if (typeof scope === "object" && scope !== null) scopes.push(scope);
        }
      }
      return { scopes, bound };
    },
    close,
  };
}

/** The prototype of a class; undefined where it is none. */
function prototypeOf(value) {
  if (typeof value !== "function" || types.isProxy(value)) return undefined;
  const prototype = own(value, "prototype");
  return typeof prototype === "object" && prototype !== null && !types.isProxy(prototype) ? prototype : undefined;
}

/** The functions that listen to an emitter. */
function listenersOf(emitter) {
  const events = own(emitter, "_events");
  if (typeof events !== "object" || events === null || types.isProxy(events)) return [];
  return (
    Reflect.ownKeys(events)
      .flatMap((name) => own(events, name) ?? [])
      .filter((listener) => typeof listener === "function" && !types.isProxy(listener))
      // One that listens once is carried by a function of Node's.
      .map((listener) => own(listener, "listener") ?? listener)
  );
}

/** What is the same for two emitters that the same code listens to. */
exports.codeAround = (emitter) =>
  listenersOf(emitter)
    .map((listener) => Function.prototype.toString.call(listener))
    .join("\n");

/** Whether a class has these methods itself. */
exports.hasMethods = (prototype, names) => names.every((name) => typeof own(prototype, name) === "function");

const isEmitter = (value) => typeof value === "object" && value !== null && !types.isProxy(value) && own(value, "_events") !== undefined;

/**
 * Calls `onClass(prototype, variablesOf)` for each class within reach of the emitter's listeners, until `isDone()`. It returns a method to search from as well, if any;
 * `variablesOf(method)` has the values of all variables around one. Throws where closures cannot be seen.
 */
exports.search = (emitter, onClass, isDone) => {
  const seen = new Set([process]);
  /** In the order in which they were found; it grows while it is gone through. */
  const functions = new Set();
  const addFunction = (value) => {
    if (typeof value === "function" && !types.isProxy(value)) functions.add(value);
  };
  const inspector = openInspector();
  const valuesOf = (scope) => Object.keys(scope).map((name) => scope[name]);
  const variablesOf = (method) => inspector.look(method).scopes.flatMap(valuesOf);

  function judge(value) {
    const prototype = prototypeOf(value);
    if (prototype !== undefined) addFunction(onClass(prototype, variablesOf));
  }

  function addEmitter(object) {
    for (const listener of listenersOf(object)) addFunction(listener);
    for (const key of Reflect.ownKeys(object)) {
      const value = own(object, key);
      // Who is to be called back, and whose it is.
      if (typeof value === "function") addFunction(value);
      else if (isEmitter(value)) consider(value);
    }
    let prototype = Object.getPrototypeOf(object);
    if (prototype === null || types.isProxy(prototype)) return;
    addFunction(own(prototype, "constructor"));
    for (; prototype !== null && prototype !== EventEmitter.prototype; prototype = Object.getPrototypeOf(prototype)) {
      if (types.isProxy(prototype)) return;
      judge(own(prototype, "constructor"));
    }
  }

  /** What a variable holds. Of other objects than these nothing is read: they may be the application's data, and large. */
  function consider(value) {
    if (value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value) || types.isProxy(value)) return;
    seen.add(value);
    judge(value);
    if (isEmitter(value)) addEmitter(value);
    if (own(value, "__esModule") === true) for (const name of Object.getOwnPropertyNames(value)) judge(own(value, name));
    else judge(own(value, "default"));
  }

  function lookInto(closure) {
    const { scopes, bound } = inspector.look(closure);
    for (const value of bound) {
      addFunction(value);
      consider(value);
    }
    for (const [depth, scope] of scopes.entries()) {
      const values = valuesOf(scope);
      for (const value of values) {
        if (depth === 0 && values.length <= fewVariables) addFunction(value);
        consider(value);
      }
    }
  }

  try {
    addEmitter(emitter);
    let looked = 0;
    for (const closure of functions) {
      lookInto(closure);
      if (isDone() || ++looked === mostFunctions) break;
    }
  } finally {
    inspector.close();
  }
};

/** How many objects are looked at from one, through its properties. */
const mostObjects = 32;

/** Calls `onClass(prototype)` with the class of an object and of those that it holds, or that those hold, in properties or arrays of these names. */
exports.classesBelow = (root, names, onClass) => {
  const objects = new Set([root]);
  for (const object of objects) {
    const prototype = Object.getPrototypeOf(object);
    if (typeof prototype === "object" && prototype !== null && !types.isProxy(prototype)) onClass(prototype);
    for (const name of names) {
      const value = own(object, name);
      const isList = Array.isArray(value) && !types.isProxy(value);
      for (const each of isList ? [value.at(0), value.at(-1)] : [value])
        if (typeof each === "object" && each !== null && !types.isProxy(each) && objects.size < mostObjects) objects.add(each);
    }
  }
};

/** Ends the watch that is under way, if any. */
let endWatch;

/**
 * Calls `onEmitter` once, with the first other emitter that passes on the event which the socket is about to emit: a client's own object, which an arrow function
 * knows as `this`, and closures do not show. It must do so before the microtasks that are next.
 */
exports.watch = (socket, event, onEmitter) => {
  endWatch?.();
  const { prototype } = EventEmitter;
  const original = prototype.emit;
  let isOver = false;
  function emit(...args) {
    if (!isOver && this !== socket && args[0] === event) {
      end();
      onEmitter(this);
    }
    return Reflect.apply(original, this, args);
  }
  function end() {
    isOver = true;
    endWatch = undefined;
    if (prototype.emit === emit) prototype.emit = original;
  }
  if (!Reflect.set(prototype, "emit", emit)) return;
  endWatch = end;
  queueMicrotask(end);
};
