import type { Transporter } from "nodemailer";
import { z } from "zod";
import type { Message, Priority } from "../core/alarm.ts";
import { Fault } from "../core/fault.ts";
import type { Text } from "../core/text.ts";
import { SECOND } from "../core/time.ts";
import { defineNotifier } from "../plugin.ts";

const options = z.strictObject({
  /** The mail server of the workshop or of the provider. */
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(25),
  /** `starttls`: encrypted or not at all. `opportunistic`: where the server offers it. `tls`: from the first byte (port 465). */
  encryption: z.enum(["opportunistic", "starttls", "tls"]).default("opportunistic"),
  username: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  from: z.email(),
});

const importance = { high: "high", medium: "normal", low: "low" } as const satisfies Record<Priority, string>;

/** Sends mail through an SMTP server; a person's address is their mail address. Good for digests and as evidence, slow at night. */
export default defineNotifier({
  options,
  create({ host, port, encryption, username, password, from }, { id, site }) {
    let transport: Promise<Transporter> | undefined;
    const open = async (): Promise<Transporter> => {
      // 21 MB that a gateway without mail need not carry.
      const { createTransport } = await import("nodemailer");
      return createTransport({
        host,
        port,
        secure: encryption === "tls",
        requireTLS: encryption === "starttls",
        ...(username && { auth: { user: username, pass: password ?? "" } }),
        connectionTimeout: 10 * SECOND,
        greetingTimeout: 10 * SECOND,
        socketTimeout: 20 * SECOND,
        // Nothing in a message is ever fetched or read from disk.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
    };
    return {
      name: id,
      async deliver(message: Message, signal: AbortSignal) {
        signal.throwIfAborted();
        try {
          transport ??= open();
          await (await transport).sendMail({
            from: { name: `Vigie ${site.name}`, address: from },
            to: message.address,
            subject: message.title,
            text: textOf(message),
            priority: importance[message.priority],
            // The same for every try: mail programs show it once.
            messageId: `<${message.id}@${site.id}.vigie>`,
            headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
          });
        } catch (cause) {
          throw faultOf(`${host}:${port}`, cause);
        }
      },
      close: async () => (await transport)?.close(),
    };
  },
});

/** Nobody there is not the same as somebody who refuses: what to look at differs. */
function faultOf(where: string, cause: unknown): Fault {
  const { code = "", message = "no mail sent" } = cause instanceof Error ? (cause as Error & { code?: string }) : {};
  if (/ECONNREFUSED/.test(message)) return new Fault("connection", nobody(where), { cause });
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return new Fault("connection", nameless(where), { cause });
  if (code === "ETIMEDOUT" || code === "ECONNECTION") return new Fault("connection", silent(where), { cause });
  return new Fault("refused", { fr: `${where} a refusé : ${message}`, en: `${where} refused: ${message}` }, { cause });
}

const nobody = (at: string): Text => ({ fr: `rien n'écoute sur ${at}`, en: `nobody listens at ${at}` });
const nameless = (at: string): Text => ({ fr: `le nom ${at} n'existe pas`, en: `there is no name ${at}` });
const silent = (at: string): Text => ({ fr: `${at} ne répond pas`, en: `${at} does not answer` });

const textOf = ({ body, title, code, language }: Message): string => {
  const answer = { fr: "Code d'acquittement :", en: "Code to acknowledge:" }[language];
  return [body || title, ...(code ? [`${answer} ${code}`] : [])].join("\n\n");
};
