// The architecture, as data. A layer may import itself and the layers listed; everything else is an error.
// Read top to bottom: it is the data flow. ARCHITECTURE.md explains it.
const layers = {
  base: [],
  trace: ["base"],
  state: ["base"],
  tsp: ["base"],
  ctf: ["base", "trace"],
  experiment: ["base", "trace"],
  environments: ["base", "trace"],
  analyses: ["base", "trace", "state", "environments"],
  views: ["base", "trace", "state"],
  diagnoses: ["base", "trace", "state"],
  engine: ["base", "trace", "ctf", "experiment", "state", "environments", "analyses", "views", "diagnoses"],
  record: ["base", "environments"],
  export: ["base", "engine"],
  server: ["base", "engine", "tsp"],
  cli: ["base", "engine", "export", "record", "server"],
  web: ["base", "tsp"],
};
const features = "environments|analyses|views|diagnoses";
const keysReaders = ["views", "diagnoses"];
const tests = "\\.(test|bench)\\.tsx?$|^src/testing/";

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  comment: `src/${layer} may import only: ${[layer, ...allowed].join(", ")}. Move the shared part down a layer, or pass it in from src/engine.`,
  severity: "error",
  from: { path: `^src/${layer}/`, pathNot: tests },
  to: {
    path: "^src/",
    pathNot: [`^src/(${[layer, ...allowed].join("|")})/`, ...(keysReaders.includes(layer) ? ["^src/analyses/[^/]+/keys\\.ts$"] : [])],
  },
}));

export default {
  forbidden: [
    ...layerRules,
    {
      name: "unknown-layer",
      comment: "A new folder under src/ must be added to the layer table first.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(layers).join("|")}|testing)/` },
      to: {},
    },
    {
      name: "features-are-islands",
      comment: "One feature folder never imports its sibling: share through contract.ts, or move the common part down a layer.",
      severity: "error",
      from: { path: `^src/(${features})/([^/]+)/` },
      to: { path: "^src/$1/", pathNot: ["^src/$1/$2/", "^src/$1/[^/]+\\.ts$", "/keys\\.ts$"] },
    },
    {
      name: "through-the-front-door",
      comment: "Another layer is entered through index.ts, contract.ts or keys.ts only.",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: tests },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", "^src/base/", "/(index|contract|keys)\\.ts$"] },
    },
    { name: "no-cycles", comment: "A cycle means two modules are one.", severity: "error", from: {}, to: { circular: true } },
    {
      name: "io-at-the-edges",
      comment: "Only these files may use Node: the rest is pure, so it runs in any test and in the browser.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(ctf/file-source|state/file-pages)\\.ts$", "^src/(engine|export|record|server|cli)/", tests] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "resolvable",
      comment:
        "An import that does not resolve is an edge nobody checked. One test application imports what test/real/libraries/web installs when it is wanted.",
      severity: "error",
      from: { pathNot: "^test/real/node-apps/libraries\\.ts$" },
      to: { couldNotResolve: true, pathNot: ["\\.css$"] },
    },
    {
      name: "no-test-code-in-product",
      comment: "Tests and testing/ import the product, never the other way round.",
      severity: "error",
      from: { path: "^src/", pathNot: tests },
      to: { path: tests },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.css$" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
