import { ActionRefused, type Alarm, type AlarmAction, type AlarmEvent } from "../core/alarm.ts";
import type { Delivery, Drill, NoticeDesk, Redeemed } from "../core/notice.ts";
import { DAY, epochMs } from "../core/time.ts";
import { type Codes, type Links, parseReply, sameNumber } from "./answers.ts";
import { iCalendar, onDuty } from "./calendar.ts";
import type { Outbox } from "./outbox.ts";
import type { PostmanParts } from "./postman.ts";
import type { Person } from "./settings.ts";

const CALENDAR_DAYS = 60;

export interface AnswerDesk extends Omit<NoticeDesk, "drill"> {
  /** Somebody wrote back on a channel. Resolves with what to answer; strangers get no answer. */
  reply(channel: string, address: string, words: string, codes: Codes): Promise<string | undefined>;
  /** An alarm was acknowledged: the messages of whoever did it are answered. */
  acknowledged(event: AlarmEvent): void;
}

/** What people send back, by link or by words, and what pages ask of the notices. */
export function createDesk(
  parts: PostmanParts,
  outbox: Outbox,
  links: Links,
  people: ReadonlyMap<string, Person>,
): AnswerDesk {
  const { alarms, clock, settings, site, say, meters } = parts;
  const strangers = meters.counter("notices_strangers_total", "Answers from addresses that nobody here has");
  const nameOf = (id: string) => people.get(id)?.name ?? id;

  const actAll = async (ids: readonly string[], action: AlarmAction): Promise<Alarm[]> => {
    const done: Alarm[] = [];
    for (const id of ids) {
      try {
        done.push(await alarms.act(id, action));
      } catch (error) {
        if (!(error instanceof ActionRefused)) throw error;
      }
    }
    return done;
  };

  const look = (token: string): Redeemed & { delivery?: string } => {
    const read = links.read(token, clock.now());
    if (typeof read === "string") return { ok: false, why: read };
    const delivery = outbox.get(read.delivery);
    if (!delivery) return { ok: false, why: "expired" };
    const found = delivery.alarms.flatMap((id) => alarms.get(id) ?? []);
    return { ok: true, by: nameOf(delivery.person), alarms: found, delivery: read.delivery };
  };

  return {
    deliveries: (limit) => outbox.list().slice(0, limit).map(shown),
    drills: () => drillsOf(outbox),
    duty: () =>
      settings.rotas.map((rota) => {
        const now = onDuty(rota, clock.now(), site.timezone);
        return { rota: rota.id, who: now && nameOf(now.who), backup: now?.backup && nameOf(now.backup) };
      }),
    calendar(id) {
      const rota = settings.rotas.find((one) => one.id === id);
      const from = epochMs(clock.now() - DAY);
      return rota && iCalendar(rota, from, CALENDAR_DAYS, site.timezone, nameOf);
    },
    look,
    async redeem(token) {
      const found = look(token);
      if (!found.ok || !found.delivery) return found;
      await parts.cells.commit({ cells: [links.use(found.delivery, clock.now())] });
      const done = await actAll(
        found.alarms.map(({ id }) => id),
        { kind: "ack", by: found.by, comment: "link" },
      );
      return done.length > 0 ? { ok: true, by: found.by, alarms: done } : { ok: false, why: "nothing-left" };
    },
    async reply(channel, address, words, codes) {
      const person = settings.people.find(({ via }) =>
        via.some((one) => one.channel === channel && (one.address === address || sameNumber(one.address, address))),
      );
      if (!person) {
        strangers.value++;
        say.warn(`${channel}: an answer from a number that nobody here has: ignored`);
        return undefined;
      }
      const words_ = answersIn[person.language ?? site.language];
      const wish = parseReply(words);
      const code = wish && codes.find(wish.code, parts.steady());
      if (!wish) return words_.help;
      if (!code) return words_.unknown;
      const action: AlarmAction =
        wish.kind === "ack"
          ? { kind: "ack", by: person.name, comment: channel }
          : { kind: "shelve", by: person.name, until: epochMs(clock.now() + wish.ms), reason: channel };
      const done = await actAll(code.alarms, action);
      return done.length > 0 ? words_[wish.kind](done.length) : words_.late;
    },
    acknowledged({ alarm, by }) {
      for (const person of people.values()) if (person.name === by) outbox.acknowledged(alarm.id, person.id);
    },
  };
}

const answersIn = {
  fr: {
    help: "Répondez OK 1234 pour acquitter, SH 1234 2h pour mettre en attente.",
    unknown: "Code inconnu ou trop ancien.",
    late: "Rien à faire : alarme terminée ou déjà acquittée, ou durée trop longue.",
    ack: (count: number) => `Acquitté (${count}).`,
    shelve: (count: number) => `Mis en attente (${count}).`,
  },
  en: {
    help: "Answer OK 1234 to acknowledge, SH 1234 2h to shelve.",
    unknown: "Unknown code, or too old.",
    late: "Nothing to do: over or acknowledged already, or too long a time.",
    ack: (count: number) => `Acknowledged (${count}).`,
    shelve: (count: number) => `Shelved (${count}).`,
  },
} as const;

/** A delivery as pages show it: without the link and the code, with which a reader could answer for somebody else. */
function shown(delivery: Delivery): Delivery {
  const { link: _, code: __, ...message } = delivery.message;
  return { ...delivery, message: { ...message, body: message.title, short: message.title } };
}

/** Tests, newest first, one per press of the button or week. */
function drillsOf(outbox: Outbox): Drill[] {
  const drills = new Map<string, Drill & { deliveries: Drill["deliveries"][number][] }>();
  for (const { kind, alarms, created, person, channel, state, error } of outbox.list()) {
    if (kind !== "test") continue;
    const key = `${alarms[0]} ${Math.floor(created / 10_000)}`;
    const drill = drills.get(key) ?? { t: created, alarm: alarms[0] ?? "", deliveries: [] };
    drill.deliveries.push({ person, channel, state, ...(error !== undefined && { error }) });
    drills.set(key, drill);
  }
  return [...drills.values()];
}
