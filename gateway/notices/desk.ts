import { type AlarmAction, type AlarmEvent, actOnEach } from "../core/alarm.ts";
import type { NoticeDesk, Redeemed } from "../core/notice.ts";
import { epochMs } from "../core/time.ts";
import { type Codes, type Links, parseReply, sameNumber } from "./answers.ts";
import type { Outbox } from "./outbox.ts";
import type { PostmanParts } from "./postman.ts";
import type { Person } from "./settings.ts";

export interface AnswerDesk extends Pick<NoticeDesk, "look" | "redeem"> {
  /** Somebody wrote back on a channel. Resolves with what to answer; strangers get no answer. */
  reply(channel: string, address: string, words: string, codes: Codes): Promise<string | undefined>;
  /** An alarm was acknowledged: the messages of whoever did it are answered. */
  acknowledged(event: AlarmEvent): void;
}

/** What people send back, by link or by words. */
export function createDesk(
  parts: PostmanParts,
  outbox: Outbox,
  links: Links,
  people: ReadonlyMap<string, Person>,
): AnswerDesk {
  const { alarms, steady, meters } = parts;
  const strangers = meters.counter("notices_strangers_total", "Answers from addresses that nobody here has");

  const look = (token: string): Redeemed & { delivery?: string } => {
    const read = links.read(token, steady());
    if (typeof read === "string") return { ok: false, why: read };
    const delivery = outbox.get(read.delivery);
    if (!delivery) return { ok: false, why: "expired" };
    const found = delivery.alarms.flatMap((id) => alarms.get(id) ?? []);
    const by = people.get(delivery.person)?.name ?? delivery.person;
    return { ok: true, by, alarms: found, delivery: read.delivery };
  };

  return {
    look,
    async redeem(token) {
      const found = look(token);
      if (!found.ok || !found.delivery) return found;
      await parts.cells.commit({ cells: links.use(found.delivery, steady()) });
      const ids = found.alarms.map(({ id }) => id);
      const done = await actOnEach(alarms, ids, { kind: "ack", by: found.by, comment: "link" });
      return done.length > 0 ? { ok: true, by: found.by, alarms: done } : { ok: false, why: "nothing-left" };
    },
    async reply(channel, address, words, codes) {
      const person = personAt(parts, channel, address);
      if (person) return answerTo(parts, person, channel, words, codes);
      strangers.value++;
      parts.say.warn(`${channel}: an answer from a number that nobody here has: ignored`);
      return undefined;
    },
    acknowledged({ alarm, by }) {
      for (const { id, name } of people.values()) if (name === by || id === by) outbox.acknowledged(alarm.id, id);
    },
  };
}

const personAt = ({ settings }: PostmanParts, channel: string, address: string): Person | undefined =>
  settings.people.find(({ via }) =>
    via.some((one) => one.channel === channel && (one.address === address || sameNumber(one.address, address))),
  );

/** Does what the words ask for, in the name of that person, and says what came of it. */
async function answerTo(
  parts: PostmanParts,
  person: Person,
  channel: string,
  words: string,
  codes: Codes,
): Promise<string> {
  const answers = answersIn[person.language ?? parts.site.language];
  const wish = parseReply(words);
  const code = wish && codes.find(wish.code, parts.steady());
  if (!wish) return answers.help;
  if (!code) return answers.unknown;
  const action: AlarmAction =
    wish.kind === "ack"
      ? { kind: "ack", by: person.name, comment: channel }
      : { kind: "shelve", by: person.name, until: epochMs(parts.clock.now() + wish.ms), reason: channel };
  const done = await actOnEach(parts.alarms, code.alarms, action);
  return done.length > 0 ? answers[wish.kind](done.length) : answers.late;
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
