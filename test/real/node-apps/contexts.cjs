// What becomes of contexts and of an application's own AsyncLocalStorages beside each other: `contexts.cjs PATH_OF_HOOKS`. Prints JSON.
"use strict";
const { AsyncLocalStorage, AsyncResource } = require("node:async_hooks");
const { setTimeout: delay } = require("node:timers/promises");

const before = new AsyncLocalStorage();
const { Context, create } = require(`${process.argv[2]}/contexts.cjs`);
const contexts = create();
const theirs = new AsyncLocalStorage();
const [one, two] = [new Context(1), new Context(2)];
const id = () => contexts.current()?.id ?? "none";
const seen = {};
/** What runs here: our context's id, and the values of both storages. */
const look = () => `${id()} ${theirs.getStore() ?? "-"} ${before.getStore() ?? "-"}`;
function lookDisabled() {
  theirs.disable();
  return look();
}

async function everyWay() {
  const found = [];
  const note = () => found.push(look());
  note();
  await null;
  note();
  await delay(1);
  note();
  for (const later of [setImmediate, process.nextTick, queueMicrotask, (task) => setTimeout(task, 1)])
    await new Promise((resolve) =>
      later(() => {
        note();
        resolve();
      }),
    );
  await new Promise((resolve, reject) => Promise.reject(new Error("expected")).catch(() => resolve(note()), reject));
  return [...new Set(found)];
}

async function main() {
  seen.outside = await everyWay();
  seen.isFrame = contexts.run(one, () => {
    const resource = new AsyncResource("sample");
    const key = Object.getOwnPropertySymbols(resource).find(({ description }) => description === "context_frame");
    return key !== undefined && resource[key] === one;
  });
  seen.inside = await contexts.run(one, everyWay);
  seen.within = await contexts.run(one, () => contexts.run(two, everyWay));
  seen.atOnce = await Promise.all([one, two, one].map((context) => contexts.run(context, everyWay)));
  seen.after = await everyWay();
  seen.theirsInside = await contexts.run(one, () => theirs.run("a", everyWay));
  seen.insideTheirs = await theirs.run("a", () => contexts.run(one, everyWay));
  seen.sandwich = await theirs.run("a", () => contexts.run(one, () => theirs.run("b", () => contexts.run(two, everyWay))));
  seen.sandwichLeft = theirs.run("a", () => contexts.run(one, () => [theirs.run("b", () => contexts.run(two, look)), look()]));
  seen.exited = contexts.run(one, () => theirs.exit(look));
  // What they enter while we are inside stays when we leave, as it would without us.
  seen.entered = await new AsyncResource("apart").runInAsyncScope(async () => {
    contexts.run(one, () => theirs.enterWith("c"));
    return everyWay();
  });
  seen.enteredTwice = await new AsyncResource("apart").runInAsyncScope(async () => {
    before.enterWith("d");
    contexts.run(one, () => theirs.enterWith("c"));
    return everyWay();
  });
  const bound = contexts.run(one, () => theirs.run("a", () => AsyncResource.bind(look)));
  seen.bound = [bound(), contexts.run(two, bound)];
  seen.snapshot = contexts.run(one, () => AsyncLocalStorage.snapshot?.())?.(look) ?? "1 - -";
  seen.disabled = contexts.run(one, () => theirs.run("a", lookDisabled));
  seen.disabledElsewhere = contexts.run(one, lookDisabled);
  seen.thrown = contexts.run(one, () => {
    try {
      contexts.run(two, () => {
        throw new Error("expected");
      });
    } catch {
      return look();
    }
  });
  console.log(JSON.stringify(seen));
}
main();
