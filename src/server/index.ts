/**
 * The HTTP server: the Trace Server Protocol at `/tsp/api`, Storescope's own endpoints at `/api`, and the built web UI at `/`.
 * Loopback only. It opens no trace and writes no file; what it serves is decided by whoever starts it.
 */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import Fastify from "fastify";
import type { StorescopeError } from "../base/index.ts";
import type { Experiment } from "../engine/contract.ts";
import { registerApiRoutes } from "./api-routes.ts";
import { createCatalogue } from "./catalogue.ts";
import { installHttpBase } from "./http.ts";
import { RowIds } from "./queries.ts";
import { readAhead, watchIdleness } from "./read-ahead.ts";
import { type RouteOptions, registerTspRoutes } from "./tsp-routes.ts";

export interface ServerOptions {
  /** Only loopback is offered: a trace holds addresses, commands and sometimes keys. */
  readonly host?: "127.0.0.1";
  /** 0: any free port; see `url`. */
  readonly port: number;
  /** What is served from the start. Without it, requests for experiments wait for `show`; the UI itself is there at once. */
  readonly experiments?: readonly Experiment[];
  /** Folder of the built UI; without it only the two APIs are served. */
  readonly webRoot?: string | undefined;
  /** When set, `/api` and `/tsp` need `Authorization: Bearer <token>`; `url` carries it in its fragment, which browsers never send. */
  readonly token?: string | undefined;
  /** Version to report; default 0.0.0. */
  readonly version?: string | undefined;
  /** Receives errors that are bugs; default: printed with their stack on stderr. */
  readonly onBug?: ((error: unknown) => void) | undefined;
}

export interface RunningServer {
  readonly url: string;
  /** These are served, too, from now on. */
  show(experiments: readonly Experiment[]): void;
  /**
   * There will be nothing to show: requests for experiments, those that wait included, are answered with this error. Resolves when a page has it and asks nothing more
   * (at most a second later); where none asks within `patienceMs`, without. Then the server has nothing left to do but to close.
   */
  refuse(error: StorescopeError, patienceMs: number): Promise<void>;
  /** Reads ahead what a page asks for first, if the experiment is analysed. */
  readAhead(experiment: Experiment): void;
  /** Stops listening and drops open connections. Experiments stay open: they belong to the caller. */
  close(): Promise<void>;
}

/** Who keeps asking a server that has nothing to show is not waited for any longer, ms. */
const longestGoodbyeMs = 1_000;

function noSchemas(): never {
  throw new Error("bug: a route has a schema");
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = options.host ?? "127.0.0.1";
  const onBug = options.onBug ?? ((error: unknown) => console.error(error));
  const app = Fastify({
    logger: false,
    bodyLimit: 1 << 20,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
    // No route has a schema. Fastify would load its compilers all the same, a third of its start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  let port = options.port;

  const idleness = watchIdleness(app);
  installHttpBase(app, { port: () => port, token: options.token, onBug });
  await app.register(helmet, {
    // Everything comes from this server. Styles set by script through the CSSOM are not inline styles; no <style> element is ever made.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: "no-referrer" },
  });

  const experiments: Experiment[] = [];
  let resolveShown = (): void => undefined;
  const shown = new Promise<void>((resolve) => {
    resolveShown = resolve;
  });
  const show = (given: readonly Experiment[]): void => {
    experiments.push(...given);
    resolveShown();
  };
  let failure: StorescopeError | undefined;
  let resolveRefused = (): void => undefined;
  const refused = new Promise<void>((resolve) => {
    resolveRefused = resolve;
  });
  if (options.experiments !== undefined) show(options.experiments);
  app.addHook("onRequest", async (request) => {
    const route = request.routeOptions.url ?? "";
    if (!/^\/(?:api|tsp)\//.test(route) || route.endsWith("/health")) return;
    await shown;
    if (failure === undefined) return;
    resolveRefused();
    throw failure;
  });
  const routes: RouteOptions = {
    catalogue: createCatalogue(experiments),
    rowIds: new RowIds(),
    version: options.version ?? "0.0.0",
    onBug,
  };
  registerTspRoutes(app, routes);
  registerApiRoutes(app, routes);
  if (options.webRoot !== undefined) {
    await app.register(fastifyStatic, {
      root: options.webRoot,
      dotfiles: "ignore",
      cacheControl: false,
      setHeaders: (response, path) => {
        // Built assets have a hash in their name; the page that names them must always be fresh.
        response.header("cache-control", path.endsWith(".html") ? "no-store" : "public, max-age=31536000, immutable");
      },
    });
  }

  await app.listen({ host, port: options.port });
  port = (app.server.address() as AddressInfo).port;
  const closing = new AbortController();
  const fragment = options.token === undefined ? "" : `#token=${encodeURIComponent(options.token)}`;
  return {
    url: `http://${host}:${port}/${fragment}`,
    show,
    refuse: async (error, patienceMs) => {
      failure = error;
      resolveShown();
      // What is not waited for to its end keeps no process alive.
      await Promise.race([refused, sleep(patienceMs, undefined, { ref: false })]);
      await Promise.race([idleness.idle(closing.signal), sleep(longestGoodbyeMs, undefined, { ref: false })]);
    },
    readAhead: (experiment) => void readAhead(experiment, routes.rowIds, idleness, closing.signal),
    close: async () => {
      closing.abort();
      await app.close();
    },
  };
}
