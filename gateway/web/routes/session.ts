import { z } from "zod";
import type { SessionAnswer } from "../../core/api.ts";
import { accountName } from "../access/accounts.ts";
import { MAX_LENGTH, TooBusy } from "../access/passwords.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";

const password = z
  .string()
  .min(1)
  .max(MAX_LENGTH * 4);
const wrong = new HttpError(401, "wrong", "Wrong name or password.");

/** Coming in and going out. */
export function sessionRoutes(app: App, desk: Desk): void {
  const { people } = desk;
  const { accounts, sessions, throttle, audit } = people;
  const { settings, site, clock } = desk;

  app.get(
    "/session",
    { config: { need: "anyone" }, schema: { tags: ["users"] } },
    async ({ visitor }): Promise<SessionAnswer> => ({
      user: visitor?.name ?? null,
      role: visitor?.role ?? null,
      open: settings.open,
      setup: accounts.empty && !settings.open,
      language: site.language,
    }),
  );

  app.post(
    "/session",
    {
      config: { need: "anyone" },
      schema: { tags: ["users"], body: z.strictObject({ name: z.string().min(1).max(100), password }) },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      const wait = throttle.take(name.toLowerCase(), request.ip, clock.monotonic());
      if (wait > 0) {
        reply.header("retry-after", Math.ceil(wait / 1_000));
        throw new HttpError(429, "too-many", "Too many tries. Wait a few minutes.");
      }
      const account = await accounts.verify(name, password).catch((error) => {
        if (error instanceof TooBusy) throw new HttpError(503, "busy", error.message);
        throw error;
      });
      if (!account) {
        await audit.note({ who: name, from: request.ip, what: "sign-in-refused", detail: "" });
        throw wrong;
      }
      throttle.forgive(name.toLowerCase(), request.ip);
      if (request.visitor?.session) await sessions.end([request.visitor.session]);
      await people.welcome(request, reply, account.name, account.role);
      await audit.note({ who: account.name, from: request.ip, what: "sign-in", detail: "" });
      return { user: account.name, role: account.role };
    },
  );

  app.delete("/session", { config: { need: "wall" }, schema: { tags: ["users"] } }, async (request, reply) => {
    const { visitor } = request;
    if (visitor?.session) await sessions.end([visitor.session]);
    people.farewell(reply);
    await audit.note({ who: visitor?.name ?? "", from: request.ip, what: "sign-out", detail: "" });
    return reply.code(204).send();
  });

  setupRoute(app, desk);
}

/** The first account, made with the code that the console shows. */
function setupRoute(app: App, desk: Desk): void {
  const { people, clock } = desk;
  const { accounts, throttle, audit } = people;
  app.post(
    "/setup",
    {
      config: { need: "anyone" },
      schema: { tags: ["users"], body: z.strictObject({ code: z.string().max(100), name: accountName, password }) },
    },
    async (request, reply) => {
      const { code, name, password } = request.body;
      const wait = throttle.take("setup", request.ip, clock.monotonic());
      if (wait > 0) throw new HttpError(429, "too-many", "Too many tries. Wait a few minutes.");
      const outcome = people.trySetup(code);
      if (outcome === "closed") throw new HttpError(409, "closed", "This box has its first account already.");
      if (outcome === "wrong") {
        await audit.note({ who: "", from: request.ip, what: "setup-refused", detail: "" });
        throw new HttpError(
          403,
          "wrong-code",
          "That is not the code, or its hour is over; a restart prints a new one.",
        );
      }
      const account = await accounts.create(name, "admin", password, clock.now());
      await people.welcome(request, reply, account.name, account.role);
      await audit.note({ who: account.name, from: request.ip, what: "setup", detail: "first account" });
      return { user: account.name, role: account.role };
    },
  );
}
