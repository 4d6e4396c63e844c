/** What all services do alike: listen on loopback where they are told, say so on /health, and answer errors as JSON. */
import express, { type Express, type NextFunction, type Request, type Response } from "express";

export type Handler = (request: Request, response: Response) => Promise<unknown>;

/** A variable that the service cannot do without. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

/** An application that reads JSON, and whose handlers answer with what they resolve with. */
export function service(routes: Readonly<Record<string, Handler>>): Express {
  const app = express();
  app.use(express.json());
  app.get("/health", (_request, response) => response.json({ ok: true }));
  for (const [route, handler] of Object.entries(routes)) {
    const [method = "GET", path = "/"] = route.split(" ");
    app[method.toLowerCase() as "get" | "post" | "put"](path, (request, response, next) => {
      handler(request, response).then((body) => (response.headersSent ? undefined : response.json(body ?? {})), next);
    });
  }
  app.use((error: { response?: { status?: number } }, _request: Request, response: Response, _next: NextFunction) => {
    response.status(error.response?.status ?? 500).json({ error: String(error) });
  });
  return app;
}

/** Longer than callers keep a connection that they do not use: a server that closes first may do so while the next request is on its way. */
const keepAliveMs = 120_000;

/** Listens on PORT. */
export function listen(app: Express): void {
  app.listen(Number(setting("PORT")), "127.0.0.1").keepAliveTimeout = keepAliveMs;
}
