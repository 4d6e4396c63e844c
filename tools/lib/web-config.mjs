// The one configuration of the web UI's bundler, for building (tools/build.mjs) and for developing (tools/dev.mjs).
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { root } from "./root.mjs";

/** Vite's configuration. `base` is relative: the UI works under any path that serves it. */
export async function webConfig() {
  return { root: join(root, "src/web"), base: "./", configFile: false, plugins: [react()] };
}
