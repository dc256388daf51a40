import { randomBytes } from "node:crypto";
import type { Notifier } from "../core/alarm.ts";
import type { Cell } from "../core/log.ts";
import type { Delivery } from "../core/notice.ts";
import type { Machine } from "../core/point.ts";
import type { Clock } from "../core/time.ts";
import type { Site } from "../plugin.ts";
import type { Codes, Links } from "./answers.ts";
import { written } from "./letters.ts";
import type { Draft, Moment } from "./router.ts";
import type { NoticeSettings, Person } from "./settings.ts";

export interface LetterboxParts {
  readonly settings: NoticeSettings;
  readonly site: Site;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly clock: Clock;
}

/** Makes messages from drafts: which channel, which words, which answers. */
export class Letterbox {
  readonly #parts: LetterboxParts;
  readonly #people: ReadonlyMap<string, Person>;
  readonly #channels: ReadonlyMap<string, Notifier>;
  readonly #codes: Codes;
  readonly #links: Links;

  constructor(
    parts: LetterboxParts,
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

  make(draft: Draft, now: Moment): { delivery: Delivery; cells: readonly Cell[] } | undefined {
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
        ? `${settings.link.replace(/\/$/, "")}/ack/${this.#links.token(id, now.steady)}`
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
    const t = this.#parts.clock.now();
    const { error: _, cause: __, ...same } = delivery;
    return { ...same, id, channel: following.channel, message, state: "queued", tries: 0, created: t, changed: t };
  }
}
