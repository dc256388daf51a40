import { createHmac } from "node:crypto";
import { z } from "zod";
import { shownAddress } from "../core/address.ts";
import type { AlarmEvent } from "../core/alarm.ts";
import { Fault } from "../core/fault.ts";
import type { Text } from "../core/text.ts";
import { headline, letter, machineName } from "../core/wording.ts";
import { defineNotifier, type NotifierContext } from "../plugin.ts";

const TIMEOUT = 10_000;

const options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Signs each body: `X-Vigie-Signature: sha256=…` (HMAC-SHA256). */
  secret: z.string().min(8).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  what: z.enum(["annunciated", "all"]).default("annunciated"),
  /**
   * The JSON body; `{{headline}}`, `{{alarm.id}}` … in its strings are replaced. Left out: the whole event.
   * For Mattermost or Rocket.Chat: `{ text: "{{headline}}" }`.
   */
  template: z.record(z.string(), z.json()).optional(),
});

/**
 * Posts alarms as JSON to any server. The delivery id is the same for every try, so that the far end can tell a repeat.
 * A server that is down is asked again; one that refuses the message (4xx) is not: it would refuse it for ever.
 */
export default defineNotifier({
  options,
  create(given, context) {
    const refused = context.meters.counter("webhook_refused_total", "Messages that the far end refused for good", {
      notifier: context.id,
    });
    return {
      name: context.id,
      async notify(event: AlarmEvent, signal: AbortSignal) {
        if (given.what === "annunciated" && !event.annunciated) return;
        const where = shownAddress(given.url);
        const body = JSON.stringify(bodyOf(event, given.template, context));
        const answer = await post(given, body, deliveryId(event), signal);
        if (answer.ok) return;
        const forGood = answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429;
        if (!forGood) throw new Fault("refused", answered(where, answer.status));
        refused.value++;
        context.say.error(`${context.id}: ${notAgain(where, event.alarm.id, answer.status)[context.site.language]}`);
      },
    };
  },
});

const notAgain = (where: string, alarm: string, status: number): Text => ({
  fr: `${where} a refusé l'alarme ${alarm} (${status}) : elle n'est plus envoyée`,
  en: `${where} refused alarm ${alarm} (${status}): not sent again`,
});

const answered = (where: string, status: number): Text => ({
  fr: `${where} a répondu ${status}`,
  en: `${where} answered ${status}`,
});

const noAnswer = (host: string): Text => ({ fr: `${host} ne répond pas`, en: `no answer from ${host}` });

async function post(given: z.output<typeof options>, body: string, id: string, signal: AbortSignal): Promise<Response> {
  const signature = given.secret && `sha256=${createHmac("sha256", given.secret).update(body).digest("hex")}`;
  try {
    return await fetch(given.url, {
      method: "POST",
      redirect: "error",
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      headers: {
        "content-type": "application/json",
        "x-vigie-delivery": id,
        ...(signature && { "x-vigie-signature": signature }),
        ...given.headers,
      },
    });
  } catch (cause) {
    throw new Fault("connection", noAnswer(new URL(given.url).host), { cause });
  }
}

/** The same for every try, another for every transition. */
const deliveryId = ({ alarm, to, t }: AlarmEvent): string => `${alarm.id}.${alarm.occurrence}.${to}.${t}`;

function bodyOf(event: AlarmEvent, template: unknown, { site, machines }: NotifierContext): unknown {
  const machine = machineName(machines, event.alarm.machine, site.language);
  const mark = event.test ? "TEST " : "";
  const fields = {
    ...event,
    id: deliveryId(event),
    site: site.id,
    machine,
    headline: mark + headline(event.alarm, machine, site.language, site.timezone),
    letter: mark + letter(event.alarm, machine, site.language, site.timezone),
    text: mark + event.alarm.text[site.language],
  };
  return template === undefined ? fields : filled(template, fields);
}

/** Replaces `{{a.b}}` in every string; a name that does not exist becomes nothing. */
function filled(template: unknown, fields: unknown): unknown {
  if (typeof template === "string")
    return template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, path: string) => String(at(fields, path.split(".")) ?? ""));
  if (Array.isArray(template)) return template.map((item) => filled(item, fields));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, fields)]));
}

function at(fields: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return fields;
  if (typeof fields !== "object" || fields === null || !Object.hasOwn(fields, first)) return undefined;
  return at(Object.entries(fields).find(([key]) => key === first)?.[1], rest);
}
