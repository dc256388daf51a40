import type { Forecast, Level, MachineState } from "./detector.ts";
import type { Fate, Hear, PushDesk } from "./notice.ts";
import type { PointId } from "./point.ts";
import type { Quality } from "./reading.ts";
import type { Language, Text } from "./text.ts";
import type { EpochMs, Ms } from "./time.ts";

/** `alarm`: someone must act. `notice`: goes into the digest. `event`: history only. */
export type AlarmClass = "alarm" | "notice" | "event";

/** P1, P2, P3 in short texts. */
export type Priority = "high" | "medium" | "low";

/** The states that people see (ISA-18.2 names). Process state keeps running underneath the last three. */
export type AlarmState =
  | "normal"
  | "pending"
  | "unacked"
  | "acked"
  | "returned"
  | "latched-unacked"
  | "latched-acked"
  | "shelved"
  | "suppressed"
  | "out-of-service"
  | "disabled";

/** How a rule's alarm behaves and what it tells people to do: what ISA-18.2 calls its rationalisation. */
export interface AlarmDesign {
  /** A few words that go before the finding's own text. */
  readonly name?: Text;
  readonly class: AlarmClass;
  readonly priority: Priority;
  /** How long the condition must hold before it counts, and how long it must be gone before it is over. */
  readonly delay: { readonly on: Ms; readonly off: Ms };
  /** Stays until somebody resets it. */
  readonly latch: boolean;
  /** Stays in the list after it is over until somebody has seen it. */
  readonly ackRequired: boolean;
  /** A reset of an alarm that nobody acknowledged acknowledges it too, instead of being refused. */
  readonly resetImpliesAck: boolean;
  /** An acknowledged alarm that still holds calls again after this time. */
  readonly realarm?: Ms;
  readonly cause?: Text;
  readonly consequence?: Text;
  readonly action?: Text;
  /** When it says nothing by design. */
  readonly suppress: {
    /** While the machine is off. */
    readonly off: boolean;
    /** So long after the machine began to run. */
    readonly startup: Ms;
    /** While one of these alarms is active. */
    readonly parents: readonly string[];
  };
  /** Names the escalation policy under `notices:`; the default one where it is left out. */
  readonly policy?: string;
}

/** An alarm as people see it: one identity per rule and machine or point, with its newest occurrence. */
export interface Alarm {
  readonly id: string;
  readonly machine: string;
  readonly point?: PointId;
  readonly rule: string;
  readonly class: AlarmClass;
  readonly priority: Priority;
  readonly level: Level;
  readonly state: AlarmState;
  /** Whether the condition holds now, whatever the state shows. */
  readonly active: boolean;
  /** Counts up each time it comes back. */
  readonly occurrence: number;
  /** When this occurrence began. */
  readonly since: EpochMs;
  /** What the site file calls it. */
  readonly name?: Text;
  readonly text: Text;
  readonly value?: number;
  readonly limit?: number;
  readonly part?: string;
  readonly forecast?: Forecast | null;
  readonly cause?: Text;
  readonly consequence?: Text;
  readonly action?: Text;
  /** The long form, what to look at first, and what speaks for it: from the machine's case. */
  readonly details?: Text;
  readonly checks?: readonly Text[];
  readonly evidence?: readonly Text[];
  readonly ackedBy?: string;
  readonly comment?: string;
  readonly shelvedUntil?: EpochMs;
  /** The escalation policy that its rule names. */
  readonly policy?: string;
}

/** One transition, for ever: what an alarm did, when, by whom and why. The notices log holds these. */
export interface AlarmEvent {
  readonly t: EpochMs;
  readonly alarm: Alarm;
  readonly from: AlarmState;
  readonly to: AlarmState;
  /** A person's name, or `system`. */
  readonly by: string;
  readonly reason: string;
  readonly quality: Quality;
  /** What the machine did then. */
  readonly doing?: MachineState;
  /** Whether somebody is to be told. */
  readonly annunciated: boolean;
  /** From the test button: goes through the whole chain, marked TEST. */
  readonly test?: true;
}

/**
 * Whether people see that transition. What moved under a cover, and what the system itself kept quiet, is for experts: there
 * is a root that speaks instead.
 */
export const isVisible = ({ from, to, annunciated, test }: AlarmEvent): boolean =>
  annunciated || test === true || (from !== to && from !== "suppressed" && to !== "suppressed");

/** A person's hand on an alarm. Every one names who. */
export type AlarmAction =
  | { readonly kind: "ack"; readonly by: string; readonly comment?: string }
  | { readonly kind: "reset"; readonly by: string; readonly comment?: string }
  | { readonly kind: "shelve"; readonly by: string; readonly until: EpochMs | "oneshot"; readonly reason: string }
  | { readonly kind: "unshelve"; readonly by: string }
  | { readonly kind: "out-of-service"; readonly by: string; readonly reason: string; readonly reference?: string }
  | { readonly kind: "return-to-service"; readonly by: string }
  | { readonly kind: "test"; readonly by: string };

/** All alarms of the gateway, and the only door for a person's hand on them. */
export interface Alarms {
  /** Every alarm that is not `normal`, newest first. What is quiet by design is only in the `expert` view: its root speaks for it. */
  list(view?: "expert"): readonly Alarm[];
  get(id: string): Alarm | undefined;
  /** The alarm as it stands afterwards, once that is on disk; rejects with an `ActionRefused` that says why not. */
  act(id: string, action: AlarmAction): Promise<Alarm>;
}

/** An action that the state machine does not allow now, or an alarm that does not exist. */
export class ActionRefused extends Error {
  readonly code: "unknown-alarm" | "not-now" | "not-allowed";

  constructor(code: ActionRefused["code"], message: string) {
    super(message);
    this.name = "ActionRefused";
    this.code = code;
  }
}

/** Does the same to several alarms; those that cannot bear it now stay as they are. Resolves to the ones that moved. */
export async function actOnEach(
  alarms: Pick<Alarms, "act">,
  ids: Iterable<string>,
  action: AlarmAction,
): Promise<Alarm[]> {
  const moved: Alarm[] = [];
  for (const id of ids) {
    try {
      moved.push(await alarms.act(id, action));
    } catch (error) {
      if (!(error instanceof ActionRefused)) throw error;
    }
  }
  return moved;
}

/** What goes to one person on one channel. Written once, carried by whatever channel the person has. */
export interface Message {
  /** The same for every try, so that the far end can tell a repeat. */
  readonly id: string;
  /** The person's id, for the records. */
  readonly person: string;
  /** Where on the channel: a telephone number, a mail address, a topic. */
  readonly address: string;
  readonly language: Language;
  readonly priority: Priority;
  readonly title: string;
  readonly body: string;
  /** At most 160 characters, for SMS and the lock screen. */
  readonly short: string;
  /** What the person answers by SMS (`OK 4821`) to acknowledge. */
  readonly code?: string;
  /** A signed link that acknowledges once. */
  readonly link?: string;
  readonly test?: true;
}

/** Carries notices out. A rejected promise means "try again". A channel for machines has `notify`, one for people `deliver`. */
export interface Notifier {
  readonly name: string;
  /** Every event of the notices log, in order. */
  notify?(event: AlarmEvent, signal: AbortSignal): Promise<void>;
  /** Work of its own between events (a heartbeat, a modem to watch). Resolves when the signal aborts; never rejects. */
  run?(signal: AbortSignal): Promise<void>;
  /** For channels on which people answer, or that learn more of a message later: called once, before the first message. */
  listen?(hear: Hear, learned: (message: string, fate: Fate) => void): void;
  /** For a channel to which people sign up with their browser. */
  readonly push?: PushDesk;
  /** One message to one person. */
  deliver?(message: Message, signal: AbortSignal): Promise<void>;
}
