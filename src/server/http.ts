/**
 * The HTTP base that both route families stand on: who may talk to this server, JSON with exact integers, and errors in one shape.
 *
 * Who may talk: the socket is bound to loopback, and a request must name a loopback host with our port (a page that rebinds its own name to 127.0.0.1
 * sends its own name: 421), come from no origin, ours, another loopback page or a VS Code webview (others: 403), and carry the token where one is set (401).
 *
 * Bodies are sent as bytes, because Fastify adds `; charset=utf-8` to the type of a string, and tsp-typescript-client compares the whole header.
 */
import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BadInputError, type ErrorCode, StorescopeError } from "../base/index.ts";
import { parseExact, stringifyExact, type TspError } from "../tsp/index.ts";

/** An error with its HTTP status, for cases that no ErrorCode names. */
export class HttpError extends Error {
  readonly status: number;
  readonly title: string;
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(status: number, title: string, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.status = status;
    this.title = title;
    this.extra = extra;
  }
}

const statusOfCode: Readonly<Partial<Record<ErrorCode, readonly [status: number, title: string]>>> = {
  USAGE: [400, "Bad request"],
  NOT_FOUND: [404, "Not found"],
  TRACE_NOT_FOUND: [404, "No such trace"],
  HISTORY_INVALID: [409, "Analysis not finished"],
  CANCELLED: [503, "Cancelled"],
};

/** Status and body of an error. A bug's stack stays in the log. */
function describeError(error: unknown): { readonly status: number; readonly body: TspError } {
  if (error instanceof HttpError) return { status: error.status, body: { title: error.title, detail: error.message, ...error.extra } };
  if (error instanceof StorescopeError) {
    const [status, title] = statusOfCode[error.code] ?? [
      500,
      error instanceof BadInputError ? "The trace cannot be read" : "The request failed",
    ];
    return { status, body: { title, detail: error.message } };
  }
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status, body: { title: "Bad request", detail: error instanceof Error ? error.message : String(error) } };
  }
  return { status: 500, body: { title: "Internal error", detail: "This is a bug in Storescope; the server's log has the details." } };
}

/** Aborts when the client goes away before it has its answer: for work that would go on for nobody. */
export function abandoned(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => controller.abort());
  return controller.signal;
}

/** Answers with JSON of exactly the type `application/json`. */
export function sendJson(reply: FastifyReply, value: unknown, status = 200): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "application/json")
    .header("cache-control", "no-store")
    .send(Buffer.from(stringifyExact(value)));
}

/** Origins that may read answers: pages on this machine's loopback, and VS Code's webviews. */
function isAllowedOrigin(origin: string): boolean {
  return /^(https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?|vscode-webview:\/\/[A-Za-z0-9-]+)$/.test(origin);
}

/** The Host header must name loopback and our own port. */
function isAllowedHost(host: string | undefined, port: number): boolean {
  return (
    host !== undefined && ["127.0.0.1", "localhost", "[::1]"].some((name) => host === `${name}:${port}` || (port === 80 && host === name))
  );
}

function isSameToken(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

export interface GuardOptions {
  readonly port: () => number;
  readonly token: string | undefined;
  readonly onBug: (error: unknown) => void;
}

/** Installs guards, JSON and errors on a Fastify instance. Call before any route. */
export function installHttpBase(app: FastifyInstance, options: GuardOptions): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? {} : parseExact(String(body)));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });

  app.addHook("onRequest", async (request, reply) => {
    if (!isAllowedHost(request.headers.host, options.port())) {
      throw new HttpError(421, "Misdirected request", "This server answers only to its loopback address.");
    }
    const origin = request.headers.origin;
    if (origin !== undefined) {
      if (!isAllowedOrigin(origin))
        throw new HttpError(403, "Origin not allowed", "Only pages on this machine and VS Code may use this server.");
      reply.header("access-control-allow-origin", origin).header("vary", "Origin");
    }
    if (request.method === "OPTIONS") {
      reply
        .header("access-control-allow-methods", "GET, POST, PUT, DELETE, OPTIONS, HEAD")
        .header("access-control-allow-headers", "origin, content-type, accept, authorization")
        .header("access-control-max-age", "600");
      await reply.code(204).send();
      return;
    }
    if (options.token !== undefined && isGuardedPath(request.url)) {
      const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      if (!isSameToken(given, options.token))
        throw new HttpError(401, "Token needed", "Open the address that Storescope printed: it carries the token.");
    }
  });

  // Queries are computed synchronously. Let what is already in the socket queue be seen first: a request whose client has given up is not computed at all.
  app.addHook("preHandler", async (request, reply) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (request.raw.socket.destroyed) reply.hijack();
  });

  app.setNotFoundHandler((request, reply) =>
    sendJson(reply, { title: "Not found", detail: `There is nothing at ${request.method} ${request.url.split("?")[0] ?? ""}.` }, 404),
  );
  app.setErrorHandler((error, _request: FastifyRequest, reply) => {
    const { status, body } = describeError(error);
    if (status === 500 && !(error instanceof StorescopeError)) options.onBug(error);
    return sendJson(reply, body, status);
  });
}

/** Data needs the token; the built UI, which is the same for everyone, does not. Compared after decoding, so no spelling of a path slips by. */
function isGuardedPath(url: string): boolean {
  const path = url.split("?")[0] ?? "";
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return true;
  }
  return /^\/+(api|tsp)(\/|$)/i.test(decoded);
}
