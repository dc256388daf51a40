import { z } from "zod";
import type { NoticeDesk, Redeemed } from "../../core/notice.ts";
import { type Language, languages, type Text } from "../../core/text.ts";
import type { App, Desk } from "../app.ts";
import { notFound } from "../errors.ts";
import { escaped } from "../escaped.ts";
import { pushRoutes } from "./push.ts";
import { by } from "./users.ts";

/** Who was told what, who has the duty, and drills. */
export function noticeRoutes(app: App, desk: Desk): void {
  const { postman } = desk;
  if (!postman) return;
  const schema = { tags: ["notices"] };
  pushRoutes(app, desk);

  app.get(
    "/notices/deliveries",
    {
      config: { need: "maintenance" },
      schema: {
        ...schema,
        description: "Every message to a person, newest first: what became of it, and why it failed.",
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(500).default(100),
          person: z.string().max(64).optional(),
          alarm: z.string().max(200).optional(),
          state: z.enum(["queued", "sent", "failed", "received", "acknowledged", "dropped"]).optional(),
        }),
      },
    },
    async ({ query: { limit, ...wish } }) => postman.deliveries(limit, wish),
  );
  app.get("/notices/people", { config: { need: "maintenance" }, schema }, async () => postman.people());
  app.get("/notices/drills", { config: { need: "maintenance" }, schema }, async () => postman.drills());
  app.get(
    "/notices/duty",
    {
      config: { need: "viewer" },
      schema: {
        ...schema,
        description: "Every rota: who has the duty now, and the shifts of so many days.",
        querystring: z.strictObject({ days: z.coerce.number().int().min(1).max(62).default(7) }),
      },
    },
    async ({ query }) => postman.duty(query.days),
  );
  app.get(
    "/notices/rota/:file",
    {
      config: { need: "viewer" },
      schema: { ...schema, params: z.strictObject({ file: z.string().regex(/^[a-z0-9_-]{1,64}\.ics$/) }) },
    },
    async ({ params }, reply) => {
      const text = postman.calendar(params.file.replace(/\.ics$/, ""));
      if (text === undefined) throw notFound("There is no such rota.");
      return reply.type("text/calendar; charset=utf-8").send(text);
    },
  );
  app.post("/notices/drill", { config: { need: "maintenance" }, schema }, async (request, reply) => {
    await postman.drill(request.visitor?.name ?? "");
    await desk.people.audit.note(by(request, "drill", ""));
    return reply.code(202).send({});
  });
}

const words = {
  title: { fr: "Acquitter", en: "Acknowledge" },
  button: { fr: "J'ai vu, je m'en occupe", en: "Seen, I take care of it" },
  done: { fr: "Acquitté. Merci.", en: "Acknowledged. Thank you." },
  unknown: { fr: "Ce lien n'est pas le nôtre.", en: "This link is not one of ours." },
  expired: { fr: "Ce lien est trop vieux.", en: "This link is too old." },
  used: { fr: "Ce lien a déjà servi.", en: "This link was used already." },
  "nothing-left": { fr: "Il n'y a plus rien à acquitter.", en: "There is nothing left to acknowledge." },
} as const satisfies Record<string, Text>;

/**
 * The page behind the link in a message: shows what it would acknowledge, with one button. Looking changes nothing,
 * because mail scanners open links. The token in the address is the right to do it; no account is needed.
 */
export function ackPage(app: App, desk: Desk): void {
  const postman: NoticeDesk | undefined = desk.postman;
  if (!postman) return;
  const params = z.strictObject({ token: z.string().min(1).max(300) });
  const querystring = z.strictObject({ lang: z.enum(languages).optional() });
  const schema = { params, querystring, hide: true };

  app.get("/ack/:token", { config: { need: "anyone" }, schema }, async ({ params, query }, reply) => {
    const language = query.lang ?? desk.site.language;
    const outcome = postman.look(params.token);
    const action = `<form method="post"><button>${escaped(words.button[language])}</button></form>`;
    return reply
      .code(outcome.ok ? 200 : 410)
      .header("cache-control", "no-store")
      .type("text/html; charset=utf-8")
      .send(page(desk, outcome, language, outcome.ok ? action : ""));
  });

  // A form without fields: browsers send it as urlencoded, with nothing in it.
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string", bodyLimit: 64 }, (_r, _b, done) =>
    done(null, undefined),
  );
  app.post("/ack/:token", { config: { need: "anyone" }, schema }, async (request, reply) => {
    const language = request.query.lang ?? desk.site.language;
    const outcome = await postman.redeem(request.params.token);
    const who = outcome.ok ? outcome.by : "";
    await desk.people.audit.note({
      who,
      from: request.ip,
      what: "alarm-ack",
      detail: outcome.ok ? "by link" : `link ${outcome.why}`,
    });
    return reply
      .code(outcome.ok ? 200 : 410)
      .type("text/html; charset=utf-8")
      .send(
        page(desk, outcome, language, outcome.ok ? `<p><strong>${escaped(words.done[language])}</strong></p>` : ""),
      );
  });
}

function page(desk: Desk, outcome: Redeemed, language: Language, action: string): string {
  const list = outcome.ok
    ? `<ul>${outcome.alarms.map((a) => `<li>${escaped(desk.machines.get(a.machine)?.name[language] ?? a.machine)}: ${escaped(a.text[language])}</li>`).join("")}</ul>`
    : `<p>${escaped(words[outcome.why][language])}</p>`;
  const who = outcome.ok ? `<p>${escaped(outcome.by)}</p>` : "";
  return `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(words.title[language])}</title><h1>${escaped(desk.site.name)}</h1>${list}${who}${action}</html>`;
}
