import type { Logger } from "pino";
import type { AlarmEvent, Alarms, Notifier } from "../core/alarm.ts";
import type { Cells, Change, Entry, Follower, OwnFollower } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { NoticeDesk } from "../core/notice.ts";
import type { Machine } from "../core/point.ts";
import { type Clock, SECOND, type SteadyMs } from "../core/time.ts";
import type { Site } from "../plugin.ts";
import { Codes, Links } from "./answers.ts";
import { type AnswerDesk, createDesk } from "./desk.ts";
import { Letterbox } from "./letterbox.ts";
import { Outbox } from "./outbox.ts";
import { drill, due, hear, type Moment, type RouterState, routerFrom } from "./router.ts";
import { channelProblems, type NoticeSettings } from "./settings.ts";
import { createViews } from "./views.ts";

export interface PostmanParts {
  readonly settings: NoticeSettings;
  readonly site: Site;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly alarms: Alarms;
  readonly notifiers: readonly Notifier[];
  readonly cells: Cells;
  readonly clock: Clock;
  readonly meters: Meters;
  readonly say: Logger;
  steady(): SteadyMs;
}

export interface Postman extends NoticeDesk {
  readonly follower: Follower<AlarmEvent>;
  /** Time passes: escalation, groups, digests, further tries. Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const NAME = "postman" satisfies OwnFollower;
/** The id under which the weekly drill goes through the whole chain. */
export const FIRE_DRILL = "fire-drill";

/**
 * Carries alarms to people: who, when, in which words, by which channel, and what became of it. What it heard, whom it
 * decided to tell and its place in the notices log are one transaction, so that a restart tells nobody twice.
 */
export async function openPostman(parts: PostmanParts): Promise<Postman> {
  const { cells, settings, notifiers } = parts;
  const [codes, links, saved] = await Promise.all([Codes.load(cells), Links.load(cells), cells.load("router")]);
  const channels = new Map(notifiers.filter((n) => n.deliver).map((n) => [n.name, n]));
  for (const { message } of channelProblems(settings.people, new Set(channels.keys()))) parts.say.warn(message);
  const people = new Map(settings.people.map((person) => [person.id, person]));
  const letterbox = new Letterbox(parts, people, channels, codes, links);
  const outbox = await Outbox.load({ ...parts, channels, help: (delivery) => letterbox.next(delivery) });
  const answers = createDesk(parts, outbox, links, people);
  const round = new Round(parts, routerFrom(saved.get(NAME)), outbox, letterbox, answers);
  for (const notifier of notifiers)
    notifier.listen?.(
      (address, words) => answers.reply(notifier.name, address, words, codes),
      (message, fate) => outbox.learned(message, fate),
    );
  const { push, name: pushChannel } = notifiers.find((notifier) => notifier.push) ?? {};

  return {
    ...createViews(parts, outbox, people),
    look: answers.look,
    redeem: answers.redeem,
    drill: (by) => round.drill(by),
    personOf: (account) =>
      settings.people.find(({ via }) => via.some((one) => one.channel === pushChannel && one.address === account))
        ?.name,
    ...(push && { push }),
    follower: { name: NAME, ordered: true, apply: (batch) => round.take(batch) },
    run: (signal) => round.run(signal),
  };
}

/** The postman's round: takes events in, decides once a second what is to be said, writes that down, then lets it go out. */
class Round {
  readonly #parts: PostmanParts;
  readonly #state: RouterState;
  readonly #outbox: Outbox;
  readonly #letterbox: Letterbox;
  readonly #answers: AnswerDesk;
  readonly #stopping = new AbortController();
  #seen = 0;
  /** Something was heard that is not written down yet. */
  #news = false;

  constructor(parts: PostmanParts, state: RouterState, outbox: Outbox, letterbox: Letterbox, answers: AnswerDesk) {
    this.#parts = parts;
    this.#state = state;
    this.#outbox = outbox;
    this.#letterbox = letterbox;
    this.#answers = answers;
  }

  async take(batch: readonly Entry<AlarmEvent>[]): Promise<void> {
    for (const { seq, item } of batch) {
      if (seq <= this.#seen) continue;
      if (hear(this.#state, item, this.#now())) this.#news = true;
      if (item.to === "acked") this.#answers.acknowledged(item);
      this.#seen = seq;
    }
    await this.#post(batch.at(-1)?.seq);
    this.#kick();
  }

  async drill(by: string): Promise<void> {
    await this.#parts.alarms.act(FIRE_DRILL, { kind: "test", by });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { notifiers, settings, site, say, clock } = this.#parts;
    signal.addEventListener("abort", () => this.#stopping.abort(), { once: true });
    const running = notifiers.map((notifier) => notifier.run?.(signal));
    while (!signal.aborted) {
      try {
        if (drill(this.#state, settings, site.timezone, this.#now())) await this.drill("system");
        await this.#post();
      } catch (error) {
        say.error(`notices: not written down, trying again: ${error instanceof Error ? error.message : error}`);
      }
      this.#kick();
      await clock.sleep(SECOND, signal).catch(() => undefined);
    }
    await Promise.all([this.#outbox.kick(this.#stopping.signal), ...running]);
  }

  /** Decides what is to be said and writes it down. */
  async #post(seq?: number): Promise<void> {
    const { settings, site, alarms, cells } = this.#parts;
    const now = this.#now();
    const drafts = due(this.#state, settings, site.timezone, now, () => alarms.list());
    const made = drafts.flatMap((draft) => this.#letterbox.make(draft, now) ?? []);
    this.#outbox.add(made.map(({ delivery }) => delivery));
    this.#outbox.drop(({ kind, alarms: about }) => kind !== "alarm" || about.some((id) => this.#state.calls[id]));
    const changed = this.#outbox.cells();
    if (drafts.length === 0 && !this.#news && changed.length === 0) return;
    const router = { kind: "router", key: NAME, value: structuredClone(this.#state) };
    const change: Change = {
      cells: [...changed, ...made.flatMap((one) => one.cells), router],
      ...(seq !== undefined && { cursor: { follower: NAME, seq } }),
      urgent: made.length > 0,
    };
    this.#news = false;
    try {
      await cells.commit(change);
    } catch (error) {
      this.#news = true;
      this.#outbox.again(changed);
      throw error;
    }
  }

  #kick(): void {
    const { say } = this.#parts;
    this.#outbox.kick(this.#stopping.signal).catch((error) => say.error(`notices: ${error.message}`));
  }

  #now(): Moment {
    return { t: this.#parts.clock.now(), steady: this.#parts.steady() };
  }
}
