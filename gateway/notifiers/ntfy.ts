import { z } from "zod";
import type { Message, Priority } from "../core/alarm.ts";
import { Fault } from "../core/fault.ts";
import type { Text } from "../core/text.ts";
import { defineNotifier } from "../plugin.ts";

const TIMEOUT = 10_000;

const options = z.strictObject({
  /** The ntfy server, best one of your own on the workshop's network: `http://vigie.local:2586`. */
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1).optional(),
});

const keptMessage = z.object({ id: z.string().min(1) });

const urgency = { high: 5, medium: 4, low: 2 } as const satisfies Record<Priority, number>;

/**
 * Sends to an ntfy server; a person's address is their topic. The button on the telephone acknowledges through the signed
 * link, so `notices: link:` must be an address that telephones reach. Android keeps its own line to the server; iOS is
 * only woken through the internet.
 */
export default defineNotifier({
  options,
  create: ({ url, token }, { id }) => ({
    name: id,
    async deliver(message: Message, signal: AbortSignal) {
      const answer = await post(url, token, published(message), signal);
      if (!answer.ok) throw new Fault("refused", answered(new URL(url).host, answer.status));
      // A proxy or another web server says 200 too; only an ntfy server says under which id it keeps the message.
      const kept = keptMessage.safeParse(await answer.json().catch(() => undefined));
      if (!kept.success) throw new Fault("refused", noNtfy(new URL(url).host));
    },
  }),
});

const answered = (host: string, status: number): Text => ({
  fr: `${host} a répondu ${status}`,
  en: `${host} answered ${status}`,
});
const noNtfy = (host: string): Text => ({
  fr: `${host} répond, mais pas comme un serveur ntfy`,
  en: `${host} answers, but not as an ntfy server does`,
});
const silent = (host: string): Text => ({ fr: `${host} ne répond pas`, en: `no answer from ${host}` });

const published = ({ address, title, body, priority, link, language, id, test }: Message) => ({
  topic: address,
  title,
  message: body || title,
  priority: test ? urgency.medium : urgency[priority],
  tags: [test ? "test_tube" : priority === "high" ? "rotating_light" : "warning"],
  // The same id for every try: the telephone replaces the message instead of ringing twice.
  sequence_id: id,
  ...(link && {
    actions: [
      {
        action: "http",
        label: { fr: "Acquitter", en: "Acknowledge" }[language],
        url: link,
        method: "POST",
        clear: true,
      },
    ],
  }),
});

async function post(url: string, token: string | undefined, body: unknown, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      redirect: "error",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    });
  } catch (cause) {
    throw new Fault("connection", silent(new URL(url).host), { cause });
  }
}
