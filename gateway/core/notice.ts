import type { Alarm, Message } from "./alarm.ts";
import type { Text } from "./text.ts";
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
  /** What went wrong at the last try, for people; `error` is its English, or a program's own words. */
  readonly cause?: Text;
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
  readonly deliveries: readonly Pick<Delivery, "person" | "channel" | "state" | "cause" | "error">[];
}

/** One unbroken duty. `why`: the weekly pattern, an exception to it, or a public holiday. */
export interface Shift {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly who: string;
  readonly backup?: string;
  readonly why: "weekly" | "exception" | "holiday";
}

/** A rota as its page shows it: now, the days to come, and what departs from the pattern. Whoever is undefined: nobody is. */
export interface Duty {
  readonly rota: string;
  readonly who: string | undefined;
  readonly backup: string | undefined;
  readonly shifts: readonly Shift[];
  /** Hours of these days in which nobody has the duty. */
  readonly gaps: readonly { readonly from: EpochMs; readonly to: EpochMs }[];
  readonly exceptions: readonly { readonly from: string; readonly to: string; readonly who: string }[];
}

/** Whose messages, about what, and what became of them; all where left out. */
export interface DeliveryWish {
  readonly person?: string | undefined;
  readonly alarm?: string | undefined;
  readonly state?: Delivery["state"] | undefined;
}

/** What pages may ask of the notices. */
export interface NoticeDesk {
  /** Newest first. */
  deliveries(limit: number, wish?: DeliveryWish): readonly Delivery[];
  /** Those who can be told, by id and name, with their channels in order. */
  people(): readonly { readonly id: string; readonly name: string; readonly channels: readonly string[] }[];
  drills(): readonly Drill[];
  /** Every rota, for so many days from today on. */
  duty(days: number): readonly Duty[];
  /** The rota as an iCalendar file; undefined for a rota that does not exist. */
  calendar(rota: string): string | undefined;
  /** What a signed link would acknowledge; changes nothing. */
  look(token: string): Redeemed;
  /** Acknowledges by a signed link: once, and not after it has expired. */
  redeem(token: string): Promise<Redeemed>;
  /** Sends a drill now. */
  drill(by: string): Promise<void>;
  /** The name of the person who gets messages in the browsers of that account; undefined where the site file names nobody. */
  personOf(account: string): string | undefined;
  /** Browsers that take messages; undefined where no channel for them is set up. */
  readonly push?: PushDesk;
}

/** Where a browser said that messages for it may be sent, and the keys that only it can open them with. */
export interface PushSubscriptionKeys {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** A browser of a person, as their own page lists it: without its keys. */
export interface PushDevice {
  readonly id: string;
  readonly name: string;
  readonly since: EpochMs;
}

/** The Web Push channel as the page of a user sees it. `account` is the name with which they sign in. */
export interface PushDesk {
  /** The gateway's public key, with which a browser asks its vendor for an address. */
  publicKey(): Promise<string>;
  devices(account: string): Promise<readonly PushDevice[]>;
  add(account: string, name: string, subscription: PushSubscriptionKeys): Promise<PushDevice>;
  /** False where that account has no such device. */
  remove(account: string, device: string): Promise<boolean>;
  /** The browser says that it has shown the message: the proof is in the message itself. */
  shown(proof: string): boolean;
}

/** GET /push: one's own browsers. `person`: who gets messages there, by the site file. */
export type PushAnswer =
  | { readonly there: false }
  | { readonly there: true; readonly key: string; readonly devices: readonly PushDevice[]; readonly person?: string };

/** What a channel learns later of a message that it has sent. */
export type Fate = { readonly kind: "received" } | { readonly kind: "failed"; readonly why: Text };

/** What a channel hears from people, as `OK 4821` or `SH 4821 2h`; resolves with the answer to send back, if any. */
export type Hear = (address: string, words: string) => Promise<string | undefined>;

/** How long a link or a code may be used. */
export const ANSWER_WITHIN: Ms = 24 * 3_600_000;
