/**
 * Python's instrumentation, ready to use: a folder with the sitecustomize, its hooks and the provider library. Any Python 3 uses the same: the library is called
 * through ctypes. The folder needs nothing else and may be copied into an image.
 */
import { join } from "node:path";
import { buildRuntime, type Runtime, type RuntimeBuild, type RuntimeBuildOptions } from "../runtime.ts";

const runtime: Runtime = {
  id: "python",
  title: "Python",
  scripts: ["sitecustomize.py", "storescope"],
  libraries: () =>
    Promise.resolve([
      { target: join("storescope", "libstorescope-python.so"), sources: ["provider.c", "python_tp.c"], args: ["-llttng-ust", "-ldl"] },
    ]),
};

/** The build, made when the cache does not have it (two seconds). Throws TOOL_MISSING, CANCELLED, or BUILD_FAILED with the compiler's words. */
export function buildPython(options: RuntimeBuildOptions = {}): Promise<RuntimeBuild> {
  return buildRuntime(runtime, options);
}

/** Environment in which every Python process runs the sitecustomize of this folder first. Keeps the path that is there. */
export function pythonEnvironment(directory: string, path = process.env["PYTHONPATH"] ?? ""): { readonly PYTHONPATH: string } {
  return { PYTHONPATH: path === "" ? directory : `${directory}:${path}` };
}
