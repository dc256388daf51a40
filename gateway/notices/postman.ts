import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { AlarmEvent, Alarms, Notifier } from "../core/alarm.ts";
import type { Cells, Change, Follower } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Delivery, NoticeDesk } from "../core/notice.ts";
import type { Machine } from "../core/point.ts";
import { type Clock, SECOND, type SteadyMs } from "../core/time.ts";
import type { Site } from "../plugin.ts";
import { Codes, Links } from "./answers.ts";
import { createDesk } from "./desk.ts";
import { written } from "./letters.ts";
import { Outbox } from "./outbox.ts";
import { type Draft, drill, due, hear, type Moment, routerFrom } from "./router.ts";
import { channelProblems, type NoticeSettings, type Person } from "./settings.ts";

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

const NAME = "postman";
/** The id under which the weekly drill goes through the whole chain. */
export const FIRE_DRILL = "fire-drill";

/**
 * Carries alarms to people: who, when, in which words, by which channel, and what became of it. What it heard, whom it
 * decided to tell and its place in the notices log are one transaction, so that a restart tells nobody twice.
 */
export async function openPostman(parts: PostmanParts): Promise<Postman> {
  const { cells, settings, site, clock } = parts;
  const [codes, links, saved] = await Promise.all([Codes.load(cells), Links.load(cells), cells.load("router")]);
  const state = routerFrom(saved.get(NAME));
  const channels = new Map(parts.notifiers.filter((n) => n.deliver).map((n) => [n.name, n]));
  for (const { message } of channelProblems(settings.people, new Set(channels.keys()))) parts.say.warn(message);
  const people = new Map(settings.people.map((person) => [person.id, person]));
  const now = (): Moment => ({ t: clock.now(), steady: parts.steady() });
  const stopping = new AbortController();
  const letterbox = new Letterbox(parts, people, channels, codes, links);
  const outbox = await Outbox.load({ ...parts, channels, help: (delivery) => letterbox.next(delivery) });
  let seen = 0;

  /** Decides what is to be said, writes it down, then says it. */
  const post = async (seq?: number, heard = false) => {
    const drafts = due(state, settings, site.timezone, now(), () => parts.alarms.list());
    const made = drafts.flatMap((draft) => letterbox.make(draft, now()) ?? []);
    outbox.add(made.map(({ delivery }) => delivery));
    outbox.drop(({ kind, alarms }) => kind !== "alarm" || alarms.some((id) => state.calls[id]));
    const changed = outbox.cells();
    if (drafts.length === 0 && !heard && changed.length === 0) return;
    const change: Change = {
      cells: [
        ...changed,
        ...made.flatMap((one) => one.cells),
        { kind: "router", key: NAME, value: structuredClone(state) },
      ],
      ...(seq !== undefined && { cursor: { follower: NAME, seq } }),
      urgent: made.length > 0,
    };
    try {
      await cells.commit(change);
    } catch (error) {
      outbox.again(changed);
      throw error;
    }
  };

  const kick = () => void outbox.kick(stopping.signal).catch((error) => parts.say.error(`notices: ${error.message}`));

  const desk = createDesk(parts, outbox, links, people);
  const drillNow = (by: string) => parts.alarms.act(FIRE_DRILL, { kind: "test", by }).then(() => undefined);
  for (const notifier of parts.notifiers)
    notifier.listen?.(
      (address, words) => desk.reply(notifier.name, address, words, codes),
      (message) => outbox.received(message),
    );

  return {
    ...desk,
    drill: drillNow,
    follower: {
      name: NAME,
      ordered: true,
      async apply(batch) {
        let heard = false;
        for (const { seq, item } of batch) {
          if (seq <= seen) continue;
          heard = hear(state, item, now()) || heard;
          if (item.to === "acked") desk.acknowledged(item);
          seen = seq;
        }
        await post(batch.at(-1)?.seq, heard);
        kick();
      },
    },
    async run(signal) {
      signal.addEventListener("abort", () => stopping.abort(), { once: true });
      const running = parts.notifiers.map((notifier) => notifier.run?.(signal));
      while (!signal.aborted) {
        try {
          if (drill(state, settings, site.timezone, now())) await drillNow("system");
          await post();
        } catch (error) {
          parts.say.error(`notices: not written down, trying again: ${error instanceof Error ? error.message : error}`);
        }
        kick();
        await clock.sleep(SECOND, signal).catch(() => undefined);
      }
      await Promise.all([outbox.kick(stopping.signal), ...running]);
    },
  };
}

/** Makes messages from drafts: which channel, which words, which answers. */
class Letterbox {
  readonly #parts: PostmanParts;
  readonly #people: ReadonlyMap<string, Person>;
  readonly #channels: ReadonlyMap<string, Notifier>;
  readonly #codes: Codes;
  readonly #links: Links;

  constructor(
    parts: PostmanParts,
    people: ReadonlyMap<string, Person>,
    channels: ReadonlyMap<string, Notifier>,
    codes: Codes,
    links: Links,
  ) {
    this.#parts = parts;
    this.#people = people;
    this.#channels = channels;
    this.#codes = codes;
    this.#links = links;
  }

  make(draft: Draft, now: Moment): { delivery: Delivery; cells: NonNullable<Change["cells"]> } | undefined {
    const person = this.#people.get(draft.person);
    const reachable = person?.via.filter(({ channel }) => this.#channels.has(channel)) ?? [];
    const via = reachable.find(({ channel }) => draft.via?.includes(channel)) ?? reachable[0];
    if (!person || !via) return undefined;
    const { site, machines, settings } = this.#parts;
    const id = randomBytes(9).toString("base64url");
    const answerable = draft.alarms.length > 0 && draft.kind !== "digest";
    const issued = answerable
      ? this.#codes.issue(
          draft.alarms.map((alarm) => alarm.id),
          now.steady,
        )
      : undefined;
    const link =
      answerable && settings.link
        ? `${settings.link.replace(/\/$/, "")}/ack/${this.#links.token(id, now.t)}`
        : undefined;
    const answers = { ...(issued && { code: issued.code }), ...(link && { link }) };
    const message = written(draft, person, via.address, id, answers, site, machines);
    return {
      cells: issued?.cells ?? [],
      delivery: {
        id,
        person: person.id,
        channel: via.channel,
        kind: draft.kind,
        alarms: draft.alarms.map((alarm) => alarm.id),
        message,
        state: "queued",
        tries: 0,
        created: now.t,
        changed: now.t,
      },
    };
  }

  /** The same message for the person's next channel. */
  next(delivery: Delivery): Delivery | undefined {
    const via = this.#people.get(delivery.person)?.via.filter(({ channel }) => this.#channels.has(channel)) ?? [];
    const at = via.findIndex(({ channel }) => channel === delivery.channel);
    const following = via[at + 1];
    if (!following || at < 0) return undefined;
    const id = `${delivery.id}.${at + 1}`;
    const message = { ...delivery.message, id, address: following.address };
    const { t } = { t: this.#parts.clock.now() };
    return { ...delivery, id, channel: following.channel, message, state: "queued", tries: 0, created: t, changed: t };
  }
}
