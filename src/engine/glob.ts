/** Globs over attribute paths: `*` any name, `**` any path, `?` one character. Names that hold a slash match as part of the path's text. */

/** Compiles a glob to a test over `a/b/c`. Only these three characters are special. */
export function compileGlob(glob: string): (path: string) => boolean {
  let source = "";
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i] as string;
    if (char === "*" && glob[i + 1] === "*") {
      source += ".*";
      i++;
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else source += char.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  const pattern = new RegExp(`^${source}$`, "s");
  return (path) => pattern.test(path);
}
