// Adding to a method so that nobody notices: same name, length and descriptor flags as before; and not at all where the prototype is frozen.
// What is added runs only while the thread is traced, and cannot make the application's call fail.
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

exports.create = (tracer) => ({
  /** Calls `part(object, arguments)` before the method. */
  before(prototype, name, part) {
    replace(
      prototype,
      name,
      (original) =>
        function (...args) {
          if (tracer.isOn)
            try {
              part(this, args);
            } catch (error) {
              tracer.fail(error);
            }
          return Reflect.apply(original, this, args);
        },
    );
  },
  /** Calls `part(object, result)` after the method. */
  after(prototype, name, part) {
    replace(
      prototype,
      name,
      (original) =>
        function (...args) {
          const result = Reflect.apply(original, this, args);
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
  /** Runs the method in the context that `part(object, arguments)` returns; as it is, when that is undefined. */
  within(prototype, name, part) {
    replace(
      prototype,
      name,
      (original) =>
        function (...args) {
          let context;
          if (tracer.isOn)
            try {
              context = part(this, args);
              // Entering is the dearest of what we do. Outside of every context there is nothing to leave.
              const current = tracer.storage.getStore();
              if (context === current || (context === tracer.outside && current === undefined)) context = undefined;
            } catch (error) {
              tracer.fail(error);
            }
          if (context === undefined || !tracer.isOn) return Reflect.apply(original, this, args);
          return tracer.storage.run(context, Reflect.apply, original, this, args);
        },
    );
  },
  /** Makes the method return `make(result)`, traced or not. */
  returning(prototype, name, make) {
    replace(
      prototype,
      name,
      (original) =>
        function (...args) {
          return make(Reflect.apply(original, this, args));
        },
    );
  },
});
