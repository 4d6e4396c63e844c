// Statements to databases: who asked for them, when they were sent, and when their results were there.
//
// A pool hands a connection on from whoever is done with it, and calls back from there: in the context of a stranger. So the statement's own object is
// followed, from where the application asked for it, and what runs for it runs in that context again:
//
//     asked, in its context               sent: the first bytes written while it starts     over
//     mysql2  createQuery, addCommand --> Command.execute(), the first time -----------------> Command.execute() returned true
//     pg      Client.query() -----------> Query.submit() ------------------------------------> Query.handleReadyForQuery(), handleError()
//
// What was asked for before we followed runs below nobody: whoever ends its wait may have a context, and that is a stranger's.
//
// Of a statement its first word is told, where that is one of SQL's; never its text or values.
"use strict";
const diagnostics = require("node:diagnostics_channel");
const {
  DATABASE_CONNECTION,
  DATABASE_LIBRARY_MYSQL2,
  DATABASE_LIBRARY_PG,
  DATABASE_STATEMENT,
  HOW_LIBRARY,
  HOW_NONE,
} = require("./emit.cjs");
const { replace } = require("./patch.cjs");
const { hasMethods } = require("./bundles.cjs");
const Stamp = require("./stamp.cjs");

/** Codes that a client of PostgreSQL begins with, after a length: its version of the protocol, or a wish for TLS or GSSAPI. */
const postgresBeginnings = new Set([0x00030000, 0x00030002, 80877103, 80877104]);
const isPostgresBeginning = (chunk) => chunk.readUInt32BE(0) === chunk.length && postgresBeginnings.has(chunk.readUInt32BE(4));
/** A client of MySQL answers the server's greeting: a length, the number 1, and what it is capable of: "protocol 4.1" and "secure connection", all do so. */
const mysqlAbilities = 0x8200;
const isMysqlBeginning = (chunk) =>
  chunk.readUIntLE(0, 3) === chunk.length - 4 && chunk[3] === 1 && (chunk.readUInt16LE(4) & mysqlAbilities) === mysqlAbilities;
const isBytes = (chunk) => typeof chunk?.readUInt32BE === "function" && chunk.length >= 8;

/** Words that a statement may begin with; another first word may be data. */
const verbs = new Set(
  "ALTER ANALYZE BEGIN CALL CHECK COMMIT COPY CREATE DELETE DESCRIBE DO DROP EXECUTE EXPLAIN FETCH FLUSH GRANT INSERT KILL LISTEN LOAD LOCK MERGE NOTIFY OPTIMIZE PREPARE RELEASE RENAME REPLACE RESET REVOKE ROLLBACK SAVEPOINT SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UNLOCK UPDATE USE VACUUM VALUES WITH".split(
    " ",
  ),
);

function verbOf(sql) {
  if (typeof sql !== "string") return "?";
  const word = /^(?:\s|\/\*[^*]*\*\/|\()*([A-Za-z]{2,9})\b/.exec(sql)?.[1]?.toUpperCase();
  return word !== undefined && verbs.has(word) ? word : "?";
}

exports.create = (tracer) => {
  const { emit, patch, bundles } = tracer;
  /** The call whose first bytes are being written. */
  let starting;
  /** A statement that a pool was asked for, until it has asked itself for a connection. */
  let pooled;
  let isInPool = false;

  /** A call, told as asked for now, in the current context where no other is given. */
  function ask(library, kind, name, store = tracer.current()) {
    const call = { id: tracer.nextId(), epoch: tracer.epoch, store, connection: undefined, isSent: false, isOver: false };
    emit.database_query(call.id, store.id, store.id === 0 ? HOW_NONE : HOW_LIBRARY, library, kind, name);
    return call;
  }

  function result(call, failed) {
    if (call === undefined || call.isOver) return;
    call.isOver = true;
    const { connection } = call;
    if (call.epoch === tracer.epoch)
      emit.database_result(call.id, connection?.id ?? 0, connection?.fd ?? -1, connection?.read ?? 0, failed ? 1 : 0);
  }

  /** Runs `task` in the context that the call was asked for in. */
  function within(call, task) {
    return call === undefined || !tracer.isOn ? task() : tracer.run(call.store, task);
  }

  /** The callback of somebody who asked a pool for a connection, run in the context of who asked. `call` is told to be over where it has its own. */
  function bound(callback, onCalled) {
    const store = tracer.current();
    return function (...args) {
      tracer.guard(onCalled)(args[0]);
      const task = () => Reflect.apply(callback, this, args);
      return tracer.isOn ? tracer.run(store, task) : task();
    };
  }

  // ---- mysql2 ----

  const mysqlFollowed = { connection: false, command: false, pool: false };

  /** Names of classes are not kept in a minified bundle: a statement is what has one. */
  function nameOf(command) {
    if (Object(command) !== command) return undefined;
    if (Object.hasOwn(command, "sql")) return verbOf(command.sql);
    return Object.hasOwn(command, "parameterDefinitions") ? "PREPARE" : undefined;
  }

  function followMysqlCommand(prototype) {
    if (!bundles.isNew(prototype)) return;
    mysqlFollowed.command = true;
    replace(
      prototype,
      "execute",
      (original) =>
        function (...args) {
          const call = tracer.isOn ? tracer.attempt(Stamp.get, this) : undefined;
          if (call === undefined) return Reflect.apply(original, this, args);
          const isFirst = this.next === null;
          const failed = tracer.attempt(() => args[0]?.isError?.() === true);
          if (isFirst) starting = call;
          try {
            const isOver = within(call, () => Reflect.apply(original, this, args));
            if (isOver === true && tracer.isOn) tracer.attempt(result, call, failed);
            return isOver;
          } finally {
            if (isFirst) starting = undefined;
          }
        },
    );
  }

  function followMysqlConnection(connection) {
    if (!bundles.isNew(connection.prototype)) return;
    mysqlFollowed.connection = true;
    patch.after(connection, "createQuery", (_class, command) => {
      if (!isInPool) return;
      const name = nameOf(command);
      if (name === undefined) return;
      pooled = ask(DATABASE_LIBRARY_MYSQL2, DATABASE_STATEMENT, name);
      Stamp.set(command, pooled);
    });
    patch.before(connection.prototype, "addCommand", (_connection, command) => {
      const name = nameOf(command);
      if (name !== undefined && Stamp.get(command) === undefined)
        Stamp.set(command, ask(DATABASE_LIBRARY_MYSQL2, DATABASE_STATEMENT, name));
    });
    patch.before(connection.prototype, "_notifyError", ({ _command: command }) => {
      if (command != null) result(Stamp.get(command), true);
    });
  }

  function followMysqlPool(prototype) {
    if (!bundles.isNew(prototype)) return;
    mysqlFollowed.pool = true;
    // Who waited before that is called back below nobody.
    for (const name of ["releaseConnection", "_handleSuccessfulRelease"]) patch.within(prototype, name, () => tracer.outside);
    replace(
      prototype,
      "query",
      (original) =>
        function (...args) {
          isInPool = true;
          pooled = undefined;
          try {
            return Reflect.apply(original, this, args);
          } finally {
            isInPool = false;
            pooled = undefined;
          }
        },
    );
    replace(
      prototype,
      "getConnection",
      (original) =>
        function (...args) {
          if (tracer.isOn && typeof args[0] === "function") {
            tracer.attempt(() => {
              const statement = pooled;
              isInPool = false;
              // Whoever asks for a statement waits in the statement's own time.
              const call =
                statement === undefined && this._freeConnections?.length === 0
                  ? ask(DATABASE_LIBRARY_MYSQL2, DATABASE_CONNECTION, "connection")
                  : undefined;
              args[0] = bound(args[0], (error) => {
                result(call, error != null);
                if (error != null) result(statement, true);
              });
            });
          }
          return Reflect.apply(original, this, args);
        },
    );
  }

  // ---- mysql2 without files of its own, in a bundle: what it publishes, since 3.24, until its classes are found ----

  let isMysqlAFile = false;
  let isListening = false;
  const isMysqlFound = () => mysqlFollowed.connection && mysqlFollowed.command;
  const statements = {
    start: tracer.guard((message) => {
      const call = isMysqlFound()
        ? { store: tracer.current(), isOver: true }
        : ask(DATABASE_LIBRARY_MYSQL2, DATABASE_STATEMENT, verbOf(message.query));
      Stamp.set(message, call);
    }),
    asyncStart: tracer.guard((message) => result(Stamp.get(message), message.error != null)),
    error: tracer.guard((message) => result(Stamp.get(message), true)),
  };
  const connections = { start: tracer.guard((message) => Stamp.set(message, { store: tracer.current() })) };
  const channels = [
    ["mysql2:query", statements],
    ["mysql2:execute", statements],
    ["mysql2:pool:connect", connections],
  ];
  const storeOf = (message) => tracer.attempt(() => Stamp.get(message)?.store);

  /** Callbacks run in the context of who asked: a statement that a pool makes once it has a connection is made in one of them. */
  function listen(wanted) {
    if (wanted === isListening || typeof diagnostics.tracingChannel !== "function") return;
    isListening = wanted;
    for (const [name, listeners] of channels) {
      const channel = diagnostics.tracingChannel(name);
      if (wanted) {
        channel.subscribe(listeners);
        channel.asyncStart.bindStore(tracer.storage, storeOf);
      } else {
        channel.unsubscribe(listeners);
        channel.asyncStart.unbindStore(tracer.storage);
      }
    }
  }

  // ---- pg ----

  const pgFollowed = { client: false, query: false, pool: false };
  /** The context of a query that is sent at once, while it is asked for; undefined while others are sent. */
  let asking;

  const askPg = (query, store) => {
    const call = ask(DATABASE_LIBRARY_PG, DATABASE_STATEMENT, verbOf(query.text), store);
    Stamp.set(query, call);
    return call;
  };

  function followPgClient(prototype) {
    if (!bundles.isNew(prototype)) return;
    pgFollowed.client = true;
    replace(
      prototype,
      "query",
      (original) =>
        function (...args) {
          if (!tracer.isOn) return Reflect.apply(original, this, args);
          let store;
          let waiting = 0;
          tracer.attempt(() => {
            // A pool that is not followed calls back in the context of a stranger.
            store = typeof this.release === "function" && !pgFollowed.pool ? tracer.outside : tracer.current();
            waiting = this._queryQueue?.length;
            if (waiting === 0) asking = store;
          });
          try {
            return Reflect.apply(original, this, args);
          } finally {
            asking = undefined;
            tracer.attempt(() => {
              // Sent at once, it was told in submit(); else it is the last of those that wait.
              const queue = this._queryQueue;
              if (queue?.length > waiting && Stamp.get(queue.at(-1)) === undefined) askPg(queue.at(-1), store);
            });
          }
        },
    );
  }

  function followPgQuery(prototype) {
    if (!bundles.isNew(prototype)) return;
    pgFollowed.query = true;
    replace(
      prototype,
      "submit",
      (original) =>
        function (...args) {
          if (tracer.isOn)
            tracer.attempt(() => {
              starting = Stamp.get(this) ?? askPg(this, asking ?? tracer.outside);
            });
          try {
            return Reflect.apply(original, this, args);
          } finally {
            starting = undefined;
          }
        },
    );
    for (const [name, failed] of [
      ["handleReadyForQuery", false],
      ["handleError", true],
    ]) {
      replace(
        prototype,
        name,
        (original) =>
          function (...args) {
            const call = tracer.isOn ? tracer.attempt(Stamp.get, this) : undefined;
            if (call !== undefined) tracer.attempt(result, call, failed);
            return within(call, () => Reflect.apply(original, this, args));
          },
      );
    }
  }

  function followPgPool(prototype) {
    if (!bundles.isNew(prototype)) return;
    pgFollowed.pool = true;
    let isConnecting = false;
    const queueOf = (pool) => pool._pendingQueue ?? [];
    patch.before(prototype, "newClient", (_pool, item) => {
      if (isConnecting && Object(item) === item) Stamp.set(item, true);
    });
    // Who waited before that is called back below nobody.
    patch.within(prototype, "_acquireClient", (_pool, _client, item) =>
      Object(item) === item && Stamp.get(item) === undefined ? tracer.outside : undefined,
    );
    replace(
      prototype,
      "connect",
      (original) =>
        function (...args) {
          if (!tracer.isOn) return Reflect.apply(original, this, args);
          const call = tracer.attempt(() =>
            this._idle?.length === 0 ? ask(DATABASE_LIBRARY_PG, DATABASE_CONNECTION, "connection") : undefined,
          );
          if (typeof args[0] === "function")
            tracer.attempt(() => {
              args[0] = bound(args[0], (error) => result(call, error != null));
            });
          const waiting = tracer.attempt(() => queueOf(this).length);
          let returned;
          isConnecting = true;
          try {
            returned = Reflect.apply(original, this, args);
          } finally {
            isConnecting = false;
          }
          tracer.attempt(() => {
            const queue = queueOf(this);
            if (queue.length > waiting) Stamp.set(queue.at(-1), true);
          });
          if (call !== undefined && typeof returned?.then === "function")
            returned.then(
              tracer.guard(() => result(call, false)),
              tracer.guard(() => result(call, true)),
            );
          return returned;
        },
    );
  }

  const own = (object, name) => typeof object === "function" && Object.hasOwn(object.prototype, name);

  bundles.add((prototype) => {
    if (hasMethods(prototype, ["query", "_pulseQueryQueue"])) followPgClient(prototype);
    else if (hasMethods(prototype, ["submit", "requiresPreparation", "handleReadyForQuery"])) followPgQuery(prototype);
    else if (hasMethods(prototype, ["connect", "newClient", "_acquireClient"])) followPgPool(prototype);
    else if (hasMethods(prototype, ["addCommand", "handlePacket", "_notifyError"])) followMysqlConnection(prototype.constructor);
    else if (hasMethods(prototype, ["execute", "stateName"])) followMysqlCommand(prototype);
    else if (hasMethods(prototype, ["getConnection", "releaseConnection", "_removeConnection"])) followMysqlPool(prototype);
    return undefined;
  });

  const searchUntil = (socket, followed) => {
    const isFound = () => Object.values(followed).every((each) => each);
    if (!isFound()) bundles.search(socket, isFound);
  };

  return {
    /** The first bytes of a connection that nobody follows: where it is to a database, its library is looked for. */
    onFirstWrite(chunk, socket) {
      if (!isBytes(chunk)) return;
      if (isPostgresBeginning(chunk)) searchUntil(socket, pgFollowed);
      else if (isMysqlBeginning(chunk)) searchUntil(socket, mysqlFollowed);
    },
    /** Follows a file of a library, where it is what we know. Returns whether the path is one of ours. */
    follow(path, exports) {
      if (/[\\/]mysql2[\\/]/.test(path)) {
        isMysqlAFile = true;
        listen(false);
        if (own(exports, "execute") && path.endsWith("command.js")) followMysqlCommand(exports.prototype);
        else if (own(exports, "addCommand")) followMysqlConnection(exports);
        else if (own(exports, "getConnection") && !own(exports, "release")) followMysqlPool(exports.prototype);
        return true;
      }
      if (/[\\/]pg(?:-pool)?[\\/]/.test(path)) {
        if (own(exports, "_pulseQueryQueue")) followPgClient(exports.prototype);
        else if (own(exports, "submit")) followPgQuery(exports.prototype);
        else if (own(exports, "connect") && path.endsWith("index.js")) followPgPool(exports.prototype);
        return true;
      }
      return false;
    },
    /** A write while a statement starts. Returns the context of its bytes; undefined for all other writes. */
    onWrite(connection, offset) {
      if (starting === undefined) return undefined;
      const call = starting;
      if (!call.isSent) {
        call.isSent = true;
        call.connection = connection;
        if (call.epoch === tracer.epoch) emit.database_send(call.id, connection.id, connection.fd, offset);
      } else if (call.connection !== connection) return undefined;
      return call.store.id === 0 ? undefined : { context: call.store.id, how: HOW_LIBRARY };
    },
    start() {
      listen(!isMysqlAFile);
    },
    stop() {
      starting = undefined;
      listen(false);
    },
  };
};
