import { z } from "zod";
import type { Message, Priority } from "../core/alarm.ts";
import { Fault } from "../core/fault.ts";
import type { Fate } from "../core/notice.ts";
import { HOUR, SECOND } from "../core/time.ts";
import { defineNotifier, type NotifierContext } from "../plugin.ts";
import { type Device, Devices } from "./web-push/devices.ts";
import { openKeys } from "./web-push/keys.ts";

const options = z.strictObject({
  /** Who answers for these messages, for the push services: `mailto:maintenance@workshop.example`. Apple refuses without. */
  contact: z.union([z.url({ protocol: /^https$/ }), z.string().regex(/^mailto:\S+@\S+$/)]),
  /** Hosts that messages may be sent to; a browser names one of them when it signs up. `.` before a name: everything under it. */
  services: z
    .array(z.string().min(1))
    .default(["fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"]),
});

type Options = z.output<typeof options>;

const PATIENCE = 15 * SECOND;
/** A push service keeps a message so long for a telephone that is off. Later the repetition of the alarm comes anyway. */
const KEPT_FOR = 4 * HOUR;
/** A push service takes 4096 bytes, encryption included. */
const MOST_BODY = 2_500;
const MOST_PROOFS = 500;

const urgency = { high: "high", medium: "normal", low: "low" } as const satisfies Record<Priority, string>;

/**
 * Notifications of the browser, through the push service of its vendor: both the gateway and the telephone need the
 * INTERNET, so this is an extra and never the only channel. A person's address is the name of their account; they sign up
 * on their own page. What goes out is encrypted for that one browser.
 */
export default defineNotifier({
  options,
  create(given, context) {
    const channel = new Channel(given, context);
    return {
      name: context.id,
      push: channel.devices,
      listen: (_hear: unknown, learned?: (message: string, fate: Fate) => void) => channel.listen(learned),
      deliver: (message: Message, signal: AbortSignal) => channel.deliver(message, signal),
    };
  },
});

class Channel {
  readonly devices: Devices;
  readonly #given: Options;
  readonly #keys: ReturnType<typeof openKeys>;
  /** Message ids by the proof that only the browser that showed it can know. */
  readonly #proofs = new Map<string, string>();
  #learned: (message: string, fate: Fate) => void = () => undefined;

  constructor(given: Options, context: NotifierContext) {
    this.#given = given;
    this.#keys = openKeys(context.folder);
    this.devices = new Devices(context, {
      publicKey: async () => (await this.#keys()).publicKey,
      mayGoTo: (endpoint) => isService(endpoint, given.services),
      shown: (proof) => this.#shown(proof),
    });
  }

  listen(learned: (message: string, fate: Fate) => void = () => undefined): void {
    this.#learned = learned;
  }

  /** To every browser of that account; one that takes it is enough. */
  async deliver(message: Message, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const found = await this.devices.of(message.address);
    if (found.length === 0)
      throw new Fault("refused", {
        fr: `aucun navigateur du compte ${message.address} n'est inscrit aux notifications`,
        en: `no browser of the account ${message.address} has signed up for notifications`,
      });
    const tries = await Promise.allSettled(found.map((device) => this.#send(device, message, signal)));
    if (tries.some(({ status }) => status === "fulfilled")) return;
    const [first] = tries.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    throw first;
  }

  async #send(device: Device, message: Message, signal: AbortSignal): Promise<void> {
    const { default: webPush } = await import("web-push");
    const { headers, body } = webPush.generateRequestDetails(device.subscription, this.#payload(message), {
      vapidDetails: { subject: this.#given.contact, ...(await this.#keys()) },
      TTL: KEPT_FOR / SECOND,
      urgency: message.test ? "normal" : urgency[message.priority],
      // A second try takes the place of the first where that one still waits.
      topic: message.id.replace(/[^A-Za-z0-9_-]/g, "-").slice(-32),
      contentEncoding: "aes128gcm",
    });
    const answer = await this.#post(device, headers, body, signal);
    if (answer.ok) return;
    const host = new URL(device.subscription.endpoint).host;
    if (answer.status === 404 || answer.status === 410) {
      await this.devices.remove(device.account, device.id);
      throw new Fault("refused", {
        fr: `${device.name} n'accepte plus de notifications`,
        en: `${device.name} no longer takes notifications`,
      });
    }
    throw new Fault("refused", {
      fr: `${host} a répondu ${answer.status}`,
      en: `${host} answered ${answer.status}`,
    });
  }

  async #post(device: Device, headers: object, body: Buffer | null, signal: AbortSignal): Promise<Response> {
    const { endpoint } = device.subscription;
    const { host } = new URL(endpoint);
    if (!isService(endpoint, this.#given.services))
      throw new Fault("refused", {
        fr: `${host} n'est pas un service de notification connu`,
        en: `${host} is none of the push services`,
      });
    // fetch counts the bytes itself.
    const { "Content-Length": _, ...rest } = headers as Record<string, string>;
    const sent = Object.entries(rest).map(([name, value]) => [name, String(value)] as [string, string]);
    try {
      return await fetch(endpoint, {
        method: "POST",
        redirect: "error",
        headers: sent,
        body: body && new Uint8Array(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
      });
    } catch (cause) {
      throw new Fault(
        "connection",
        {
          fr: `${host} ne répond pas : y a-t-il internet ?`,
          en: `no answer from ${host}: is there internet?`,
        },
        { cause },
      );
    }
  }

  #payload({ id, title, body, priority, link, language, test }: Message): string {
    const proof = crypto.randomUUID();
    this.#proofs.set(proof, id);
    for (const old of this.#proofs.keys()) if (this.#proofs.size > MOST_PROOFS) this.#proofs.delete(old);
    // The head line is the title already, the link has its own place.
    const lines = body.split("\n").filter((line) => line !== title && !(link && line.includes(link)));
    const text = Buffer.from(lines.join("\n"))
      .subarray(0, MOST_BODY)
      .toString()
      .replace(/\uFFFD+$/, "");
    return JSON.stringify({
      id,
      title,
      body: text,
      priority,
      language,
      proof,
      ...(link && { link }),
      ...(test && { test }),
    });
  }

  #shown(proof: string): boolean {
    const message = this.#proofs.get(proof);
    if (message === undefined) return false;
    this.#proofs.delete(proof);
    this.#learned(message, { kind: "received" });
    return true;
  }
}

/** Only to push services, and only encrypted on the way; a loopback address is for a service of one's own beside the gateway. */
function isService(endpoint: string, services: readonly string[]): boolean {
  const url = URL.parse(endpoint);
  if (!url || url.username || url.password) return false;
  const local = url.hostname === "127.0.0.1" || url.hostname === "localhost";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) return false;
  return services.some((name) => (name.startsWith(".") ? url.hostname.endsWith(name) : url.hostname === name));
}
