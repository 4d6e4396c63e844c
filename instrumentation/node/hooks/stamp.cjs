// Data of ours on objects that are not ours: as a private field, which the application can neither see, copy, nor collide with, and which, unlike a
// WeakMap, costs no hash. Works on frozen objects too.
"use strict";

/** Constructs to the object it is given, so that a derived class puts its private field there. */
class Base {
  constructor(object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what adds the field to a foreign object
    return object;
  }
}

module.exports = class Stamp extends Base {
  #value;

  /** The data on an object; undefined when there is none. */
  static get(object) {
    return #value in object ? object.#value : undefined;
  }

  static set(object, value) {
    if (!(#value in object)) new Stamp(object);
    object.#value = value;
  }
};
