import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { UserAnswer } from "../../core/api.ts";
import { accountName } from "../access/accounts.ts";
import type { People } from "../access/people.ts";
import { accountRole } from "../access/roles.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";

const password = z.string().min(1).max(1_024);
const byName = z.strictObject({ name: z.string().min(1).max(100) });

/** Accounts, everybody's own sessions, wall screens, and the list of who did what. */
export function userRoutes(app: App, desk: Desk): void {
  const { people } = desk;
  accountRoutes(app, desk, people);
  ownRoutes(app, desk, people);
  wallRoutes(app, desk, people);

  app.get(
    "/audit",
    {
      config: { need: "admin" },
      schema: {
        tags: ["users"],
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(200) }),
      },
    },
    async ({ query }) => people.audit.recent(query.limit),
  );
}

function accountRoutes(app: App, desk: Desk, { accounts, sessions, audit }: People): void {
  const schema = { tags: ["users"] };
  app.get("/users", { config: { need: "admin" }, schema }, async (): Promise<UserAnswer[]> => accounts.list());

  app.post(
    "/users",
    {
      config: { need: "admin" },
      schema: { ...schema, body: z.strictObject({ name: accountName, role: accountRole, password }) },
    },
    async (request, reply) => {
      needAccounts(desk);
      const { name, role, password } = request.body;
      const account = await accounts.create(name, role, password, desk.clock.now());
      await audit.note(by(request, "user-created", `${name}: ${role}`));
      return reply.code(201).send(account);
    },
  );

  app.patch(
    "/users/:name",
    {
      config: { need: "admin" },
      schema: {
        ...schema,
        params: byName,
        body: z.strictObject({
          role: accountRole.optional(),
          disabled: z.boolean().optional(),
          password: password.optional(),
        }),
      },
    },
    async (request) => {
      const account = await accounts.change(request.params.name, request.body);
      // Whatever was open under the old password or role has to come in again.
      await sessions.endAll(account.name, request.visitor?.session);
      await audit.note(by(request, "user-changed", `${account.name}: ${Object.keys(request.body).join(", ")}`));
      return account;
    },
  );

  app.delete(
    "/users/:name",
    { config: { need: "admin" }, schema: { ...schema, params: byName } },
    async (request, reply) => {
      const { name } = request.params;
      const account = accounts.get(name);
      await accounts.remove(name);
      await sessions.endAll(account?.name ?? name);
      await audit.note(by(request, "user-removed", name));
      return reply.code(204).send();
    },
  );
}

function ownRoutes(app: App, desk: Desk, { accounts, sessions, throttle, audit }: People): void {
  const schema = { tags: ["users"] };
  app.post(
    "/password",
    { config: { need: "viewer" }, schema: { ...schema, body: z.strictObject({ old: password, new: password }) } },
    async (request, reply) => {
      needAccounts(desk);
      const name = request.visitor?.name ?? "";
      if (throttle.take(name.toLowerCase(), request.ip, desk.clock.monotonic()) > 0)
        throw new HttpError(429, "too-many", "Too many tries. Wait a few minutes.");
      if (!(await accounts.verify(name, request.body.old)))
        throw new HttpError(403, "wrong", "The old password is not right.");
      throttle.forgive(name.toLowerCase(), request.ip);
      await accounts.change(name, { password: request.body.new });
      await sessions.endAll(name, request.visitor?.session);
      await audit.note(by(request, "password-changed", ""));
      return reply.code(204).send();
    },
  );

  app.get("/sessions", { config: { need: "viewer" }, schema }, async ({ visitor }) =>
    sessions.list(visitor?.name).map((session) => ({ ...session, current: session.id === visitor?.session })),
  );

  app.delete("/sessions", { config: { need: "viewer" }, schema }, async (request, reply) => {
    await sessions.endAll(request.visitor?.name ?? "");
    await audit.note(by(request, "sign-out", "everywhere"));
    return reply.code(204).send();
  });

  app.delete(
    "/sessions/:id",
    { config: { need: "viewer" }, schema: { ...schema, params: z.strictObject({ id: z.string().max(100) }) } },
    async (request, reply) => {
      const session = sessions.list().find(({ id }) => id === request.params.id);
      const { visitor } = request;
      if (!session || (session.name !== visitor?.name && visitor?.role !== "admin"))
        throw notFound("There is no such session.");
      await sessions.end([session.id]);
      await audit.note(by(request, "session-ended", session.name));
      return reply.code(204).send();
    },
  );
}

const LINK_LIVES = 15 * 60_000;

/** A wall screen gets a link once, good for a quarter of an hour; what opens it becomes a session that only looks. */
function wallRoutes(app: App, desk: Desk, people: People): void {
  const links = new Map<string, { name: string; until: number }>();
  const schema = { tags: ["users"] };

  app.post(
    "/walls",
    { config: { need: "admin" }, schema: { ...schema, body: z.strictObject({ name: accountName }) } },
    async (request, reply) => {
      needAccounts(desk);
      const token = randomBytes(24).toString("base64url");
      const now = desk.clock.monotonic();
      for (const [old, { until }] of links) if (until < now) links.delete(old);
      if (links.size >= 20) throw new HttpError(429, "too-many", "Too many open links. Wait a quarter of an hour.");
      links.set(token, { name: `wall ${request.body.name}`, until: now + LINK_LIVES });
      await people.audit.note(by(request, "wall-created", request.body.name));
      // Behind the #, so that it is in no log and no referrer.
      return reply.code(201).send({ token, path: `/?wall#token=${token}` });
    },
  );

  app.get("/walls", { config: { need: "admin" }, schema }, async () =>
    people.sessions.list().filter(({ role }) => role === "wall"),
  );

  app.post(
    "/session/wall",
    { config: { need: "anyone" }, schema: { ...schema, body: z.strictObject({ token: z.string().min(1).max(100) }) } },
    async (request, reply) => {
      const link = links.get(request.body.token);
      links.delete(request.body.token);
      if (!link || link.until < desk.clock.monotonic())
        throw new HttpError(403, "wrong", "That link was used or is too old.");
      await people.welcome(request, reply, link.name, "wall");
      await people.audit.note({ who: link.name, from: request.ip, what: "sign-in", detail: "wall screen" });
      return { user: link.name, role: "wall" };
    },
  );
}

/** While the page is open to everybody there is nobody to give an account to. */
function needAccounts({ settings }: Desk): void {
  if (settings.open) throw new HttpError(409, "open", "`web.open` is on in the site file: there are no accounts.");
}

export const by = ({ visitor, ip }: FastifyRequest, what: string, detail: string) => ({
  who: visitor?.name ?? "",
  from: ip,
  what,
  detail,
});
