import { Fault } from "../../core/fault.ts";
import { type Language, sameText, type Text } from "../../core/text.ts";
import type { Ms } from "../../core/time.ts";
import { rest } from "../lib/pipe.ts";
import type { Profile, Table } from "./profile.ts";
import { type Question, readOf } from "./question.ts";
import { type Candidate, recognise } from "./recognise.ts";
import { Refusal } from "./refusal.ts";
import type { LineCounts } from "./rtu.ts";
import type { LineSettings, Session } from "./session.ts";

/** How a line is spoken to while scanning. */
export type Voice = Omit<LineSettings, "port">;

export interface Found {
  readonly voice: Voice;
  readonly slave: number;
  readonly candidates: readonly Candidate[];
}

/** Everything to be tried with one voice: reads only. */
export interface Round {
  readonly voice: Voice;
  readonly questions: readonly Question[];
  /** Asked once more at the end if they stayed silent, each after a long rest. */
  readonly again?: readonly Question[];
}

export interface ScanHandlers {
  open(voice: Voice): Promise<Session>;
  profiles: ReadonlyMap<string, Profile>;
  /** Called before each question: what is tried, and how much is left. */
  progress(voice: Voice, slave: number, left: Ms): void;
  /** What the line sounded like under a voice, for the wiring doctor. */
  heard(voice: Voice, asked: number, answered: number, counts: LineCounts): void;
  signal: AbortSignal;
}

/** No shipped device needs longer; the slowest known one takes 200 ms. */
export const SCAN_TIMEOUT: Ms = 250;

/**
 * The first minute: what a factory-fresh device of any profile would answer to, in its own settings. Documented settings before
 * remembered ones, common ones before rare ones.
 */
export function factoryRounds(profiles: ReadonlyMap<string, Profile>): Round[] {
  const rounds = new Map<string, { voice: Voice; questions: Map<string, Question>; weight: number }>();
  for (const { defaults, signals, read } of profiles.values()) {
    const voice = { baud: defaults.baud, parity: defaults.parity, stop_bits: defaults.stop_bits };
    const key = Object.values(voice).join(" ");
    const round = rounds.get(key) ?? { voice, questions: new Map(), weight: 0 };
    rounds.set(key, round);
    round.weight += defaults.documented ? 2 : 1;
    const first = Object.values(signals)[0];
    const table = first?.table ?? read.table;
    if (!first || !table || defaults.slave === 0) continue;
    const question = readOf(defaults.slave, table, first.at - read.base, 1);
    round.questions.set(Object.values(question).join(" "), question);
  }
  return [...rounds.values()]
    .sort((a, b) => b.weight - a.weight)
    .map(({ voice, questions }) => ({ voice, questions: [...questions.values()] }));
}

/** Every id under every voice: one holding and one input register each. Any answer counts, a refusal too. `shared`: on a line of many. */
export const fullRounds = (voices: readonly Voice[], ids: readonly number[], shared: boolean): Round[] =>
  voices.map((voice) => ({
    voice,
    questions: ids.flatMap((id) => tablesTried.map((table) => readOf(id, table, 0, 1))),
    again: ids.filter((id) => shared && id <= LIKELY_ID).map((id) => readOf(id, "holding", 0, 1)),
  }));

const tablesTried: readonly Table[] = ["holding", "input"];

/** Hardly anybody sets a higher id, and the second look costs most of a second for each. */
const LIKELY_ID = 16;
/**
 * A slave made with libmodbus that hears a question to somebody else waits half a second for that one's answer, and takes the
 * next question for it. Where nobody has the id before its own, it never hears its own in a quick scan.
 */
const LONG_REST: Ms = 600;

/** Goes through the rounds and tells every slave once, as soon as it is found. */
export async function* scan(rounds: readonly Round[], handlers: ScanHandlers): AsyncGenerator<Found> {
  let left = longest(rounds);
  const known = new Set<string>();
  for (const { voice, questions, again = [] } of rounds) {
    if (handlers.signal.aborted) return;
    const session = await handlers.open(voice);
    let answered = 0;
    try {
      for (const [index, question] of [...questions, ...again].entries()) {
        const isSecond = index >= questions.length;
        handlers.progress(voice, question.unit, left);
        left -= isSecond ? lasts(0, 1) : lasts(1, 0);
        const name = `${Object.values(voice).join(" ")} ${question.unit}`;
        if (known.has(name)) continue;
        if (isSecond) await rest(LONG_REST, handlers.signal);
        if (handlers.signal.aborted) return;
        if (!(await isThere(session, question))) continue;
        answered++;
        known.add(name);
        const candidates = await recognise(session, question, handlers.profiles, SCAN_TIMEOUT);
        yield { voice, slave: question.unit, candidates };
      }
    } finally {
      handlers.heard(voice, questions.length, answered, { ...session.counts });
      await session.close();
    }
  }
}

/** How long a scan takes where nobody answers. */
export const longest = (rounds: readonly Round[]): Ms =>
  rounds.reduce((sum, { questions, again = [] }) => sum + lasts(questions.length, again.length), 0);

/** At most: so many quick questions, and so many after a rest. */
const lasts = (quick: number, slow: number): Ms => quick * SCAN_TIMEOUT + slow * (LONG_REST + SCAN_TIMEOUT);

async function isThere(session: Session, question: Question): Promise<boolean> {
  try {
    await session.ask(question, SCAN_TIMEOUT);
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // A serial server answers in the name of absent slaves, with exception 10 or 11.
    return error instanceof Refusal && error.code !== "timeout";
  }
}

/** The YAML to paste for what was found: one driver entry per voice. */
export function yamlFor(port: string, found: readonly Found[], language: Language): string {
  const voices = Map.groupBy(found, ({ voice }) => JSON.stringify(voice));
  const entries = [...voices.values()].map((slaves, index) => {
    const voice = slaves[0]?.voice;
    const serial =
      voice && port.startsWith("/")
        ? `    baud: ${voice.baud}\n    parity: ${voice.parity}\n    stop_bits: ${voice.stop_bits}\n`
        : "";
    return `  - id: ${{ fr: "ligne", en: "line" }[language]}-${index + 1}\n    type: modbus\n    port: ${port}\n${serial}    devices:\n${slaves.map((slave) => deviceLines(slave, language)).join("\n")}`;
  });
  return `drivers:\n${entries.join("\n")}\n`;
}

/** What a slave is, for a person: its profile, or those that nobody can tell apart by reading. */
export function nameOf({ candidates }: Found): Text {
  const names = candidates.map(({ profile }) => profile).join(", ");
  if (candidates.length === 0) return { fr: "inconnu", en: "unknown" };
  return candidates.length === 1 ? sameText(names) : { fr: `l'un de : ${names}`, en: `one of these: ${names}` };
}

/** One line for the device. Where it may be several, the likeliest is live and the others are comments below it. */
function deviceLines(found: Found, language: Language): string {
  const { slave, candidates } = found;
  const [best, ...others] = candidates;
  if (!best) return `      # ${unknown(slave)[language]}`;
  const line = (candidate: Candidate) => {
    const remark = remarkOn(candidate, language);
    const device = `- { id: ${candidate.profile}-${slave}, profile: ${candidate.profile}, slave: ${slave}, every: 1s, machine: MACHINE }`;
    return remark ? `${device} # ${remark}` : device;
  };
  if (others.length === 0) return `      ${line(best)}`;
  return [
    `# ${ambiguous(slave, nameOf(found))[language]}`,
    line(best),
    ...others.map((candidate) => `# ${line(candidate)}`),
  ]
    .map((text) => `      ${text}`)
    .join("\n");
}

function remarkOn({ proof, shows }: Candidate, language: Language): string {
  const values = Object.entries(shows).map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`);
  return [values.join(", "), proof === "addresses" ? BY_ADDRESSES[language] : ""].filter(Boolean).join("; ");
}

const unknown = (slave: number): Text => ({
  fr: `l'esclave ${slave} répond, mais aucun profil ne lui va : essayez « vigie read --slave ${slave} --at 0 --count 8 »`,
  en: `slave ${slave} answers, but fits no profile: try "vigie read --slave ${slave} --at 0 --count 8"`,
});

const ambiguous = (slave: number, names: Text): Text => ({
  fr: `l'esclave ${slave} est ${names.fr}. La lecture ne les distingue pas : gardez la ligne qui va avec sa plaque.`,
  en: `slave ${slave} is ${names.en}. Reading cannot tell them apart: keep the line that goes with its nameplate.`,
});

const BY_ADDRESSES: Text = {
  fr: "reconnu seulement aux adresses qu'il a : comparez avec son écran",
  en: "known only by the addresses that it has: compare with its screen",
};
