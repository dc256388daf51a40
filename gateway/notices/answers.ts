import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Cell, Cells } from "../core/log.ts";
import { ANSWER_WITHIN } from "../core/notice.ts";
import { DAY, type Ms, parseDuration, type SteadyMs } from "../core/time.ts";

/** A four-digit code that stands for the alarms of one message. */
export interface Code {
  readonly alarms: readonly string[];
  /** Steady time. */
  readonly until: number;
}

const CODES = "notice-code";
const MOST_CODES = 2_000;
const CODE_LASTS: Ms = 7 * DAY;

const USED = "notice-link";
const codeCell = z.object({ alarms: z.array(z.string()), until: z.number() });

/** Codes in SMS (`OK 4821`) and what they stand for; kept on disk with the messages that carry them. */
export class Codes {
  readonly #codes: Map<string, Code>;

  constructor(cells: ReadonlyMap<string, unknown>) {
    this.#codes = new Map(
      [...cells].flatMap(([code, cell]) => {
        const parsed = codeCell.safeParse(cell).data;
        return parsed ? [[code, parsed] as const] : [];
      }),
    );
  }

  static load = async (cells: Cells): Promise<Codes> => new Codes(await cells.load(CODES));

  /** A new code, and the cells to be written for it. */
  issue(
    alarms: readonly string[],
    now: SteadyMs,
  ): { code: string; cells: { kind: string; key: string; value: unknown }[] } {
    const cells: { kind: string; key: string; value: unknown }[] = [];
    for (const [code, { until }] of this.#codes) {
      if (until > now && this.#codes.size < MOST_CODES) continue;
      this.#codes.delete(code);
      cells.push({ kind: CODES, key: code, value: null });
    }
    let code = String(randomInt(1_000, 10_000));
    while (this.#codes.has(code)) code = String(randomInt(1_000, 10_000));
    const value = { alarms, until: now + CODE_LASTS };
    this.#codes.set(code, value);
    cells.push({ kind: CODES, key: code, value });
    return { code, cells };
  }

  find(code: string, now: SteadyMs): Code | undefined {
    const found = this.#codes.get(code);
    return found && found.until > now ? found : undefined;
  }
}

/** Signs and reads the links that acknowledge: a delivery and an end, so that a forwarded mail is no key for ever. */
export class Links {
  readonly #key: Buffer;
  /** Steady time at which each was used. */
  readonly #used: Map<string, number>;

  private constructor(key: Buffer, used: Map<string, number>) {
    this.#key = key;
    this.#used = used;
  }

  static async load(cells: Cells): Promise<Links> {
    const [keys, used] = await Promise.all([cells.load("notice-key"), cells.load(USED)]);
    const known = z.string().min(40).safeParse(keys.get("link")).data;
    const key = known ? Buffer.from(known, "base64url") : randomBytes(32);
    if (!known) await cells.commit({ cells: [{ kind: "notice-key", key: "link", value: key.toString("base64url") }] });
    return new Links(key, new Map([...used].map(([delivery, at]) => [delivery, Number(at)])));
  }

  /** A box without a clock battery learns the date late: how long a link is good is told by steady time. */
  token(delivery: string, now: SteadyMs): string {
    const payload = Buffer.from(JSON.stringify([delivery, now + ANSWER_WITHIN])).toString("base64url");
    return `${payload}.${this.#sign(payload)}`;
  }

  read(token: string, now: SteadyMs): { delivery: string } | "unknown" | "expired" | "used" {
    const [payload = "", signature = ""] = token.split(".");
    const [mine, theirs] = [Buffer.from(this.#sign(payload)), Buffer.from(signature)];
    if (mine.length !== theirs.length || !timingSafeEqual(mine, theirs)) return "unknown";
    const [delivery, until] = JSON.parse(Buffer.from(payload, "base64url").toString()) as [string, number];
    if (this.#used.has(delivery)) return "used";
    return now < until ? { delivery } : "expired";
  }

  /** From now on this link is used up; the cells to be written for it. Those that are too old by now need no remembering. */
  use(delivery: string, now: SteadyMs): Cell[] {
    const old = [...this.#used].filter(([, at]) => now - at > ANSWER_WITHIN).map(([key]) => key);
    for (const key of old) this.#used.delete(key);
    this.#used.set(delivery, now);
    return [{ kind: USED, key: delivery, value: now }, ...old.map((key) => ({ kind: USED, key, value: null }))];
  }

  #sign(payload: string): string {
    return createHmac("sha256", this.#key).update(payload).digest("base64url");
  }
}

export type Reply = { kind: "ack"; code: string } | { kind: "shelve"; code: string; ms: Ms };

/** `OK 4821`, `ok=4821`, `SH 4821 2h`; undefined for anything else people write. */
export function parseReply(words: string): Reply | undefined {
  const ack = /^\s*ok\s*[=:]?\s*(\d{4})\b/i.exec(words);
  if (ack?.[1]) return { kind: "ack", code: ack[1] };
  const shelve = /^\s*sh\s*[=:]?\s*(\d{4})\s+(\d+)\s*(min|h|d|j)\s*$/i.exec(words);
  const unit = shelve?.[3]?.toLowerCase() === "j" ? "d" : shelve?.[3]?.toLowerCase();
  const ms = shelve && parseDuration(`${shelve[2]}${unit}`);
  return shelve?.[1] && ms ? { kind: "shelve", code: shelve[1], ms } : undefined;
}

/** Telephone numbers as they are compared: `06 12 34 56 78`, `0033612345678` and `+33612345678` are one. */
export const sameNumber = (a: string, b: string): boolean => digits(a) === digits(b) && digits(a).length >= 6;

const digits = (number: string): string =>
  number
    .replace(/[^\d+]/g, "")
    .replace(/^00/, "+")
    .replace(/^0(?=\d{9}$)/, "+33");
