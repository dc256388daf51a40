import type { Alarm, Message } from "./alarm.ts";
import type { EpochMs, Ms } from "./time.ts";

/** What became of one message to one person on one channel. `dropped`: the alarm was over or seen before it went out. */
export interface Delivery {
  readonly id: string;
  readonly person: string;
  /** The id of the notifier. */
  readonly channel: string;
  readonly kind: "alarm" | "flood" | "summary" | "digest" | "well" | "test";
  readonly alarms: readonly string[];
  readonly message: Message;
  readonly state: "queued" | "sent" | "failed" | "received" | "acknowledged" | "dropped";
  readonly tries: number;
  readonly created: EpochMs;
  readonly changed: EpochMs;
  readonly error?: string;
}

/** What came of a link, a code or a reply. */
export type Redeemed =
  | { readonly ok: true; readonly by: string; readonly alarms: readonly Alarm[] }
  | { readonly ok: false; readonly why: "unknown" | "expired" | "used" | "nothing-left" };

/** A weekly drill, or a press on the test button: who was reached. */
export interface Drill {
  readonly t: EpochMs;
  readonly alarm: string;
  readonly deliveries: readonly Pick<Delivery, "person" | "channel" | "state" | "error">[];
}

/** What pages may ask of the notices. */
export interface NoticeDesk {
  /** Newest first. */
  deliveries(limit: number): readonly Delivery[];
  drills(): readonly Drill[];
  /** Who has the duty now, by rota. */
  duty(): readonly { rota: string; who: string | undefined; backup: string | undefined }[];
  /** The rota as an iCalendar file; undefined for a rota that does not exist. */
  calendar(rota: string): string | undefined;
  /** What a signed link would acknowledge; changes nothing. */
  look(token: string): Redeemed;
  /** Acknowledges by a signed link: once, and not after it has expired. */
  redeem(token: string): Promise<Redeemed>;
  /** Sends a drill now. */
  drill(by: string): Promise<void>;
}

/** What a channel hears from people, as `OK 4821` or `SH 4821 2h`; resolves with the answer to send back, if any. */
export type Hear = (address: string, words: string) => Promise<string | undefined>;

/** How long a link or a code may be used. */
export const ANSWER_WITHIN: Ms = 24 * 3_600_000;
