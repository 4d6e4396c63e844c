// Adding to a method so that nobody notices: same name, length and descriptor flags as before; and not at all where the prototype is frozen.
// What is added runs only while the thread is traced, and cannot make the application's call fail.
// biome-ignore-all lint/complexity/noArguments: see below
"use strict";

/** Makes `make(original)` the method `name` of a prototype, which may have inherited it until now. */
function replace(prototype, name, make) {
  const original = prototype[name];
  if (typeof original !== "function") return;
  const own = Object.getOwnPropertyDescriptor(prototype, name);
  const replacement = make(original);
  Object.defineProperty(replacement, "name", { value: original.name, configurable: true });
  Object.defineProperty(replacement, "length", { value: original.length, configurable: true });
  Reflect.defineProperty(prototype, name, {
    value: replacement,
    writable: own?.writable ?? true,
    configurable: own?.configurable ?? true,
    enumerable: own?.enumerable ?? false,
  });
}

exports.replace = replace;

const { apply } = Reflect;

/*
 * How the replacements are written is what a traced method costs. V8 passes `arguments` of strict code on without making an object of them, as long as nothing but
 * apply() gets them: 1 to 2 ns, where rest parameters take 40. So our parts are given the first three arguments, one by one.
 */
exports.create = (tracer, contexts) => ({
  /** Calls `part(object, first, second, third)` before the method, with the first three arguments. */
  before(prototype, name, part) {
    replace(
      prototype,
      name,
      (original) =>
        function (first, second, third) {
          if (tracer.isOn)
            try {
              part(this, first, second, third);
            } catch (error) {
              tracer.fail(error);
            }
          return apply(original, this, arguments);
        },
    );
  },
  /** As `before`; what `part` returns is given to `end` after the method, also where that throws, unless it is undefined. */
  around(prototype, name, part, end) {
    replace(
      prototype,
      name,
      (original) =>
        function (first, second, third) {
          let begun;
          if (tracer.isOn)
            try {
              begun = part(this, first, second, third);
            } catch (error) {
              tracer.fail(error);
            }
          if (begun === undefined) return apply(original, this, arguments);
          try {
            return apply(original, this, arguments);
          } finally {
            try {
              end(begun);
            } catch (error) {
              tracer.fail(error);
            }
          }
        },
    );
  },
  /** Calls `part(object, result)` after the method. */
  after(prototype, name, part) {
    replace(
      prototype,
      name,
      (original) =>
        function () {
          const result = apply(original, this, arguments);
          if (tracer.isOn)
            try {
              part(this, result);
            } catch (error) {
              tracer.fail(error);
            }
          return result;
        },
    );
  },
  /** Runs the method in the context that `part(object, first, second, third)` returns; as it is, when that is undefined. */
  within(prototype, name, part) {
    replace(
      prototype,
      name,
      (original) =>
        function (first, second, third) {
          let context;
          if (tracer.isOn)
            try {
              context = part(this, first, second, third);
              // Outside of every context there is nothing to leave.
              const current = contexts.current();
              if (context === current || (context === tracer.outside && current === undefined)) context = undefined;
            } catch (error) {
              tracer.fail(error);
            }
          if (context === undefined || !tracer.isOn) return apply(original, this, arguments);
          const before = contexts.enter(context);
          try {
            return apply(original, this, arguments);
          } finally {
            contexts.leave(before);
          }
        },
    );
  },
  /** Makes the method return `make(result)`, traced or not. */
  returning(prototype, name, make) {
    replace(
      prototype,
      name,
      (original) =>
        function () {
          return make(apply(original, this, arguments));
        },
    );
  },
});
