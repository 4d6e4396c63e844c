// Commands of Redis clients: which bytes each is, and on whose behalf.
//
// The context in which a client writes is not that of the command: clients gather commands (auto-pipelining, one write per turn of the event loop) and
// write them from wherever the first one came. So a command's own object is followed from where it was issued to where it is encoded:
//
//     issued, in its context        encoded: how many bytes                    written: at which offset
//     ioredis   new Command() ----> Command.toWritable() -----------------+--> socket.write() of all of them together
//     redis 5+  queue.push() -----> queue.shift(), commandsToWrite() -----+--> socket.write(), one or more for each
//     redis 4   addCommand(args) -> encodeCommand(args) ------------------+
//               in a bundle: the first of those that wait, getCommandToSend()
//     redis 3   internal_send_command() -> client.write() ----------------+--> socket.write(), of pieces of one, or of several joined
//
// When the bytes written are not exactly those encoded, nothing is said of these commands. A client that is not followed is recognised by its bytes: its
// commands have their place and name, but no context. A wrong attribution is worse than none. When one is seen, the same classes are looked for where a
// bundler may have put them (bundles.cjs), and followed from then on.
"use strict";
const { Buffer } = require("node:buffer");
const { types } = require("node:util");
const { hasMethods } = require("./bundles.cjs");
const { HOW_LIBRARY, HOW_NONE, LIBRARY_IOREDIS, LIBRARY_IOVALKEY, LIBRARY_NODE_REDIS, LIBRARY_UNKNOWN } = require("./emit.cjs");
const { Scanner, looksLikeRequest } = require("./resp.cjs");
const Stamp = require("./stamp.cjs");
const { OfCommand } = Stamp;

/** How a command's name is told, and whether it subscribes. Few names are used, and often. */
const names = new Map();
const namesKept = 500;
function described(name) {
  const known = names.get(name);
  if (known !== undefined) return known;
  // A name is a word; anything else could be data of somebody who speaks something similar.
  const word = /^[A-Za-z][\w.-]*$/.test(name) ? String(name).toLowerCase() : "?";
  const found = { word, isSubscription: /^[ps]?subscribe$/.test(word) };
  if (typeof name === "string" && names.size < namesKept) names.set(name, found);
  return found;
}

/** Objects for encoded commands that are kept for the next ones. */
const encodedKept = 64;

const byteLength = (piece) => (typeof piece === "string" ? Buffer.byteLength(piece) : piece.byteLength);

exports.create = (tracer, queues) => {
  const { emit, patch, bundles } = tracer;
  const { isNew } = bundles;
  const databases = require("./databases.cjs").create(tracer);
  /** Commands that were encoded and not yet written, in order: encoding and writing follow each other without a break. The objects are used again. */
  const encoded = [];
  let encodedCount = 0;
  let piecesWritten = 0;
  /** What the last write was taken for, until the next one. */
  const taken = { context: 0, how: HOW_LIBRARY };
  /** The command that is being written, where it is one whole. */
  const whole = { context: 0, name: undefined };
  /** Commands of node-redis 3 that are about to be written. */
  let announced = [];
  /** Classes of followed files. */
  const pending = [];
  let isStarted = false;
  const unknown = { context: 0, how: HOW_NONE };
  /** How many libraries are followed, whole. */
  let found = 0;

  /** `first` is what will be written, a string or bytes; where that is several pieces, `pieces` has all of them. */
  function addEncoded(library, context, name, first, pieces) {
    if (encodedCount === encoded.length) encoded.push({ library: 0, context: 0, name: undefined, first: undefined, pieces: undefined });
    const command = encoded[encodedCount++];
    command.library = library;
    command.context = context;
    command.name = name;
    command.first = first;
    command.pieces = pieces;
  }

  /** Node-redis encodes a command into several pieces. */
  function addPieces({ context, name }, pieces) {
    if (pieces.length > 0) addEncoded(LIBRARY_NODE_REDIS, context, name, pieces[0], pieces);
  }

  function forgetEncoded() {
    for (let i = 0; i < encodedCount; i++) {
      const command = encoded[i];
      command.name = command.first = command.pieces = undefined;
    }
    if (encodedCount > encodedKept) encoded.length = encodedKept;
    encodedCount = 0;
    piecesWritten = 0;
  }

  function tellCommand(connection, context, how, library, start, end, name, at) {
    const { word, isSubscription } = described(name);
    if (isSubscription) connection.isSubscriber = true;
    emit.store_command(context, connection.id, connection.fd, how, library, start, end, word, at);
  }

  /** ioredis writes all encoded commands at once, joined: one as it is, nearly always. */
  function takeAll(connection, chunk, length, offset) {
    const { first, library, context, name } = encoded[0];
    const isOne = encodedCount === 1;
    let isTheirs = true;
    if (isOne && chunk === first) {
      connection.library = library;
      tellCommand(connection, context, HOW_LIBRARY, library, offset, offset + length, name);
    } else isTheirs = takeJoined(connection, chunk, length, offset);
    forgetEncoded();
    if (!isTheirs || !isOne) return unknown;
    taken.context = context;
    return taken;
  }

  /** Returns whether the bytes are those of the encoded commands. */
  function takeJoined(connection, chunk, length, offset) {
    const { first, library } = encoded[0];
    const lengths = encoded.slice(0, encodedCount).map((command) => byteLength(command.first));
    const isTheirs =
      length === lengths.reduce((sum, each) => sum + each, 0) &&
      (typeof chunk !== "string" || typeof first !== "string" || chunk.startsWith(first));
    if (!isTheirs) return false;
    connection.library = library;
    let at = offset;
    for (const [i, each] of lengths.entries()) {
      tellCommand(connection, encoded[i].context, HOW_LIBRARY, library, at, at + each, encoded[i].name);
      at += each;
    }
    return true;
  }

  /** node-redis writes one encoded command after the other, each piece by itself. */
  function takePiece(connection, chunk, length, offset) {
    const { library, context, name, pieces } = encoded[0];
    if (pieces[piecesWritten] !== chunk) {
      forgetEncoded();
      return unknown;
    }
    connection.library = library;
    if (++piecesWritten === pieces.length) {
      const end = offset + length;
      let start = end;
      for (const piece of pieces) start -= byteLength(piece);
      tellCommand(connection, context, HOW_LIBRARY, library, start, end, name);
      forgetEncoded();
    }
    taken.context = context;
    return taken;
  }

  /** Node-redis 3 says what it will write, and writes it, without a break: the commands in the bytes are those it said, in their order. */
  function takeAnnounced(connection, chunk, length, offset) {
    connection.library = LIBRARY_NODE_REDIS;
    connection.issued ??= [];
    connection.scanner ??= new Scanner(offset);
    const own = announced;
    connection.issued.push(...own);
    announced = [];
    const isRequest = connection.scanner.feed(bytesOf(chunk, length), (name, start, end) => {
      const command = connection.issued.shift();
      const isIt = command !== undefined && String(command.name).toLowerCase() === name.toLowerCase();
      if (isIt) tellCommand(connection, command.context, HOW_LIBRARY, LIBRARY_NODE_REDIS, start, end, name);
      else tellCommand(connection, 0, HOW_NONE, LIBRARY_UNKNOWN, start, end, name);
      // One that is not the one said: from here on nobody can tell.
      if (!isIt) connection.issued = [];
    });
    if (!isRequest) connection.scanner = null;
    const [first] = own;
    return first !== undefined && own.every(({ context }) => context === first.context)
      ? { context: first.context, how: HOW_LIBRARY }
      : unknown;
  }

  const bytesOf = (chunk, length) => (typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, length));

  /** A class that was found in a closure. Iovalkey's are ioredis' own. */
  bundles.add((prototype, variablesOf) => {
    if (hasMethods(prototype, ["initPromise", "toWritable"])) followIoredis(prototype, LIBRARY_IOREDIS);
    else if (hasMethods(prototype, ["internal_send_command", "write"])) followClient(prototype);
    else if (hasMethods(prototype, ["add", "push", "unshift", "shift", "remove", "reset"])) followQueue(prototype);
    else if (hasMethods(prototype, ["addCommand", "getCommandToSend"])) followSending(prototype, variablesOf);
    else if (hasMethods(prototype, ["subscribe", "resubscribe", "handleMessageReply"])) followSubscriptions(prototype);
    else if (hasMethods(prototype, ["addCommand", "commandsToWrite"])) {
      // Its own constructor is in the same module.
      const { constructor: maker } = prototype;
      followCommandsToWrite(prototype);
      return maker;
    }
    return undefined;
  });

  function search(emitter) {
    const before = found;
    bundles.search(emitter, () => found > before);
  }

  /** A write by nobody we follow. */
  function scan(connection, chunk, length, offset, socket) {
    if (connection.scanner === undefined) {
      connection.scanner = looksLikeRequest(chunk) ? new Scanner(offset) : null;
      if (connection.scanner === null) databases.onFirstWrite(chunk, socket);
      else {
        search(socket);
        // Node-redis' own object is known to arrow functions only. It shows when the first answer is passed on to it.
        connection.isSought = bundles.mayWatch();
      }
    }
    if (connection.scanner === null) return;
    // Bytes that somebody else took are missing: nobody can tell where a command begins.
    if (connection.scanner.offset !== offset) {
      connection.scanner = null;
      return;
    }
    const bytes = bytesOf(chunk, length);
    const isRequest =
      bytes.length === length &&
      connection.scanner.feed(bytes, (name, start, end) => tellCommand(connection, 0, HOW_NONE, LIBRARY_UNKNOWN, start, end, name));
    if (!isRequest) connection.scanner = null;
  }

  function followIoredis(prototype, library) {
    if (!isNew(prototype)) return;
    found++;
    patch.before(prototype, "initPromise", (command) => OfCommand.set(command, tracer.currentId()));
    // A command from before the session has no stamp: it is encoded and written all the same.
    patch.after(prototype, "toWritable", (command, result) => addEncoded(library, OfCommand.get(command) ?? 0, command.name, result));
  }

  let shifted;
  function followQueue(prototype) {
    if (!isNew(prototype)) return;
    found++;
    // A command that is put back keeps the context that it was issued in.
    const onAdd = (_queue, value) => {
      if (Array.isArray(value?.args) && Stamp.get(value) === undefined)
        Stamp.set(value, { context: tracer.currentId(), name: value.args[0] });
    };
    patch.before(prototype, "push", onAdd);
    patch.before(prototype, "unshift", onAdd);
    patch.after(prototype, "shift", (_queue, value) => {
      // A command from before it was followed has no stamp.
      if (Array.isArray(value?.args)) shifted = Stamp.get(value) ?? { context: 0, name: value.args[0] };
    });
  }

  function followCommandsToWrite(prototype) {
    if (isNew(prototype)) patch.returning(prototype, "commandsToWrite", announce);
  }

  /** Node-redis 3. A command that waits for its connection is sent again, and keeps the context that it was issued in. */
  function followClient(prototype) {
    if (!isNew(prototype)) return;
    found++;
    let sending;
    patch.before(prototype, "internal_send_command", (_client, command) => {
      if (Stamp.get(command) === undefined) Stamp.set(command, { context: tracer.currentId(), name: command.command });
      sending = Stamp.get(command);
    });
    patch.before(prototype, "write", () => {
      if (sending !== undefined) announced.push(sending);
      sending = undefined;
    });
  }

  /** Node-redis 4 hands a command's arguments through as they are. An array that is issued again before it was sent would tell of the later one: it tells of none. */
  function issue(args) {
    if (!Array.isArray(args)) return;
    const isIssued = Stamp.get(args) !== undefined;
    Stamp.set(args, { context: isIssued ? 0 : tracer.currentId(), name: args[0] });
  }

  /** Returns whether its queue was not followed yet. */
  function followArguments(prototype) {
    if (!isNew(prototype)) return false;
    patch.before(prototype, "addCommand", (_queue, args) => issue(args));
    return true;
  }

  /** Its subscriptions do not go that way: another class makes their arguments, when they are asked for. */
  function followSubscriptions(prototype) {
    if (!isNew(prototype)) return;
    for (const name of ["subscribe", "unsubscribe"]) patch.after(prototype, name, (_pubSub, command) => issue(command?.args));
  }

  /** What an array of arguments was issued as; it is sent now. */
  function takeIssued(args) {
    const issued = Stamp.get(args);
    if (issued === undefined) return { context: 0, name: args[0] };
    Stamp.set(args, undefined);
    return issued;
  }

  /** The same in a bundle, where nothing leads to the function that encodes: what is sent is the first of the list of those that wait, which is in one of the module's WeakMaps. */
  function followSending(prototype, variablesOf) {
    if (!followArguments(prototype)) return;
    const maps = variablesOf(prototype.getCommandToSend).filter(types.isWeakMap);
    /** Arguments of a list's first command; undefined of other lists. */
    const firstOf = (list) => {
      const args = list?.head?.value?.args;
      return Array.isArray(args) ? args : undefined;
    };
    let sending;
    patch.before(prototype, "getCommandToSend", (queue) => {
      // Only those that wait still have arguments.
      const lists = maps.map((map) => WeakMap.prototype.get.call(map, queue)).filter((list) => firstOf(list) !== undefined);
      sending = lists.length === 1 ? takeIssued(firstOf(lists[0])) : undefined;
    });
    patch.after(prototype, "getCommandToSend", (_queue, pieces) => {
      forgetEncoded();
      if (sending !== undefined && Array.isArray(pieces)) addPieces(sending, pieces);
      sending = undefined;
    });
    found++;
  }

  let encoding;
  function followEncoder(exports) {
    patch.before(exports, "default", (_exports, args) => {
      encoding = takeIssued(args);
    });
    patch.after(exports, "default", (_exports, pieces) => {
      forgetEncoded();
      addPieces(encoding, pieces);
    });
  }

  /** Node-redis' commands as they are encoded, each right before it is written. */
  function* announce(commands) {
    shifted = undefined;
    for (const pieces of commands) {
      forgetEncoded();
      if (tracer.isOn && shifted !== undefined && Array.isArray(pieces)) tracer.attempt(addPieces, shifted, pieces);
      // What is taken from another list meanwhile is not the next one.
      shifted = undefined;
      yield pieces;
      shifted = undefined;
    }
  }

  function install([path, exports]) {
    if (databases.follow(path, exports) || queues.follow(path, exports)) return;
    if (/[\\/]ioredis[\\/]/.test(path)) followIoredis(exports.default.prototype, LIBRARY_IOREDIS);
    else if (/[\\/]iovalkey[\\/]/.test(path)) followIoredis(exports.default.prototype, LIBRARY_IOVALKEY);
    else if (path.endsWith("linked-list.js")) followQueue(exports.DoublyLinkedList.prototype);
    else if (path.endsWith("encoder.js")) followEncoder(exports);
    else if (path.endsWith("pub-sub.js")) followSubscriptions(exports.PubSub.prototype);
    else if (path.endsWith("index.js")) followClient(exports.RedisClient?.prototype ?? {});
    else if (exports.default.prototype.commandsToWrite === undefined) followArguments(exports.default.prototype);
    else followCommandsToWrite(exports.default.prototype);
  }

  return {
    follow(path, exports) {
      if (isStarted) tracer.attempt(install, [path, exports]);
      else pending.push([path, exports]);
    },
    /** A write to a connection that is no HTTP. Returns the context of its bytes, where they have one. */
    onWrite(connection, chunk, length, offset, socket) {
      const statement = databases.onWrite(connection, offset);
      if (statement !== undefined) return statement;
      if (encodedCount > 0) {
        const take = encoded[0].library === LIBRARY_NODE_REDIS ? takePiece : takeAll;
        return take(connection, chunk, length, offset);
      }
      if (announced.length > 0 || connection.issued !== undefined) {
        if (connection.scanner !== null) return takeAnnounced(connection, chunk, length, offset);
        announced = [];
      }
      if (connection.library === 0) scan(connection, chunk, length, offset, socket);
      return unknown;
    },
    /**
     * Whether these bytes are the only command that was encoded, whole, on a connection of a library that writes so. Then it is to be told by `tellWhole`, as soon as they are written:
     * meanwhile the store is at work already.
     */
    takeWhole(connection, chunk) {
      if (encodedCount !== 1) return false;
      const { library, first } = encoded[0];
      if (library !== connection.library || library === LIBRARY_NODE_REDIS || first !== chunk) return false;
      whole.context = encoded[0].context;
      whole.name = encoded[0].name;
      forgetEncoded();
      return true;
    },
    /** `at`: when it was handed over. */
    tellWhole(connection, start, end, at) {
      tellCommand(connection, whole.context, HOW_LIBRARY, connection.library, start, end, whole.name, at);
      whole.name = undefined;
    },
    /** An answer arrives on a connection whose client was looked for. */
    onAnswer(connection, socket) {
      connection.isSought = false;
      if (connection.library === 0) bundles.watch(socket, "data", search);
    },
    start() {
      isStarted = true;
      for (const file of pending.splice(0)) tracer.attempt(install, file);
      databases.start();
    },
    stop() {
      forgetEncoded();
      announced = [];
      databases.stop();
    },
  };
};
