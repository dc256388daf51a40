import { isIP } from "node:net";
import { hostname } from "node:os";
import type { FastifyRequest } from "fastify";
import { isLoopback } from "../../core/address.ts";
import type { Text } from "../../core/text.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";
import { may } from "./roles.ts";

/**
 * Stands before every route: is this box meant, does the request come from its own page, who asks, may they. A route that
 * does not say who may call it stops the server from starting.
 */
export function closeGate(app: App, { settings, meters, people }: Desk): void {
  const { names, open } = settings;
  const allowed = new Set(["localhost", hostname(), `${hostname()}.local`, ...names].map((name) => name.toLowerCase()));

  app.addHook("onRoute", (route) => {
    const methods = [route.method].flat();
    if (!route.config?.need) throw new Error(`route ${methods} ${route.url} does not say who may call it`);
  });

  app.decorateRequest("visitor", undefined);
  app.addHook("onRequest", async (request) => {
    const refuse = (status: number, error: string, message: string | Text) => {
      meters.counter("web_refused_total", "Requests refused at the door", { status: String(status) }).value += 1;
      // Strangers knock all day; what a known person may not do is worth a line.
      if (request.visitor) {
        const detail = `${request.method} ${request.routeOptions.url ?? "?"}: ${status}`;
        void people.audit.note({ who: request.visitor.name, from: request.ip, what: "refused", detail });
      }
      return new HttpError(status, error, message);
    };
    if (!meant(request.headers.host, allowed))
      throw refuse(421, "wrong-host", "This box is not known by that name; add it to `web.names` in the site file.");
    if (request.method !== "GET" && request.method !== "HEAD" && !sameOrigin(request))
      throw refuse(403, "foreign-origin", "This request does not come from the box's own page.");
    if (request.url.startsWith("/api/v1/events") && !sameOrigin(request))
      throw refuse(403, "foreign-origin", "This request does not come from the box's own page.");
    if (!open && people.accounts.empty && !isLoopback(request.ip))
      throw refuse(403, "setup", {
        fr: "Le premier compte se crée sur le boîtier lui-même (ou par `ssh -L`), avec le code qu'il affiche à son démarrage.",
        en: "The first account is made on the box itself (or through `ssh -L`), with the code that it shows when it starts.",
      });
    request.visitor = people.whoIs(request);
    const need = request.routeOptions.config.need;
    if (need === "anyone" || request.is404) return;
    if (!request.visitor) throw refuse(401, "who", "Sign in first.");
    if (!need || !may(request.visitor.role, need))
      throw refuse(403, "not-allowed", `This needs the role ${need ?? "admin"}.`);
  });
}

/** A page elsewhere can point a name of its own at us (DNS rebinding), but it cannot make up an address. */
function meant(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  const name = (host ?? "").toLowerCase().replace(/:\d{1,5}$/, "");
  return allowed.has(name) || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}

/** Browsers say where a request comes from; other programs say nothing, and carry no cookie that could be abused. */
function sameOrigin({ headers }: FastifyRequest): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const { origin, host } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
