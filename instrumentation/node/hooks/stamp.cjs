// Data of ours on objects that are not ours: as a private field, which the application can neither see, copy, nor collide with, and which, unlike a
// WeakMap, costs no hash. Works on frozen objects too.
//
// The frequent kinds of objects have a class each. V8 learns at each place in the source which shapes come by, and is quick where they are few; where all
// kinds come by, the look-ups were the largest single part of what tracing cost.
"use strict";

/** Constructs to the object it is given, so that a derived class puts its private field there. */
class Base {
  constructor(object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what adds the field to a foreign object
    return object;
  }
}

/** What the next object gets. */
let given;

class Stamp extends Base {
  #value = given;

  /** The data on an object; undefined when there is none. */
  static get(object) {
    return #value in object ? object.#value : undefined;
  }

  static set(object, value) {
    given = value;
    if (#value in object) object.#value = value;
    else new Stamp(object);
    given = undefined;
  }
}

/** Of sockets. */
class OfSocket extends Base {
  #value = given;

  static get(object) {
    return #value in object ? object.#value : undefined;
  }

  static set(object, value) {
    given = value;
    if (#value in object) object.#value = value;
    else new OfSocket(object);
    given = undefined;
  }
}

/** Of the commands of a store's client. */
class OfCommand extends Base {
  #value = given;

  static get(object) {
    return #value in object ? object.#value : undefined;
  }

  static set(object, value) {
    given = value;
    if (#value in object) object.#value = value;
    else new OfCommand(object);
    given = undefined;
  }
}

module.exports = Stamp;
module.exports.OfSocket = OfSocket;
module.exports.OfCommand = OfCommand;
