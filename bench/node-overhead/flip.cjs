// Switches a service's tracing by signal while a session records: SIGUSR2 on, SIGHUP off. It is what the preload does when a session begins or ends, but costs no
// time and no new buffers, so that a process can be both often. Required before the preload.
"use strict";
const { Module } = require("node:module");

const { _load: original } = Module;
Module._load = (name, ...rest) => {
  const exports = original(name, ...rest);
  if (name !== "./storescope.node") return exports;
  Module._load = original;
  let mask = 0;
  let isOn = true;
  const start = (onChange) => {
    process.on("SIGUSR2", () => {
      isOn = true;
      onChange(mask, true);
    });
    process.on("SIGHUP", () => {
      isOn = false;
      onChange(0, false);
    });
    mask = exports.start((given, isNew) => {
      mask = given;
      if (isOn) onChange(given, isNew);
    });
    return mask;
  };
  return Object.create(exports, { start: { value: start } });
};
