import { Fault } from "../../core/fault.ts";
import { epochMs, type Ms } from "../../core/time.ts";
import { decoder } from "./decode.ts";
import type { DeviceOptions } from "./options.ts";
import { isBits, type NumberType, type Profile, type Signature, type Table, wordsOf } from "./profile.ts";
import { readOf } from "./question.ts";
import { rawReader, rawText } from "./raw.ts";
import type { Session } from "./session.ts";
import { resolveTags } from "./tags.ts";

/** A profile that a device fits, with what it says by that profile. */
export interface Candidate {
  readonly profile: string;
  /** How many independent things fit; more is surer. */
  readonly fits: number;
  readonly shows: Readonly<Record<string, number>>;
}

/** What each slave has answered so far, so that no register is asked twice; `undefined`: refused or silent. */
type Asked = Map<string, Buffer | undefined>;

/**
 * Which profiles a slave fits, the surest first. A signature (vendor text, a fixed register) decides where a profile has one; else the
 * values must be what a healthy installation shows: 230 V ± 15 %, 50 Hz ± 1, a room's temperature. Reads only.
 */
export async function recognise(
  session: Session,
  slave: number,
  profiles: ReadonlyMap<string, Profile>,
  timeout: Ms,
): Promise<Candidate[]> {
  const asked: Asked = new Map();
  const read = async (table: Table, at: number, count: number): Promise<Buffer | undefined> => {
    const key = `${table} ${at} ${count}`;
    if (!asked.has(key)) asked.set(key, await answerOf(session, slave, table, at, count, timeout));
    return asked.get(key);
  };
  const found: Candidate[] = [];
  for (const [name, profile] of profiles) {
    const candidate = await fitOf(name, profile, read);
    if (candidate) found.push(candidate);
  }
  const trust = (name: string) => trusted.indexOf(profiles.get(name)?.verified ?? "weak");
  return found.sort((a, b) => b.fits - a.fits || trust(a.profile) - trust(b.profile));
}

type Read = (table: Table, at: number, count: number) => Promise<Buffer | undefined>;

/** Sisters of one family share a map: the one that more sources agree on goes first. */
const trusted: readonly Profile["verified"][] = ["two", "two_partial", "one", "conflict", "weak"];

/** A signature weighs as much as this many plausible values. */
const SIGNATURE = 10;

async function fitOf(name: string, profile: Profile, read: Read): Promise<Candidate | undefined> {
  let fits = 0;
  for (const signature of profile.identify ?? []) {
    if (!(await holds(signature, read))) return undefined;
    fits += SIGNATURE;
  }
  const shows: Record<string, number> = {};
  const device: DeviceOptions = { id: name, every: 1_000, machine: "m", base: 0 };
  for (const tag of resolveTags("scan", device, profile).tags) {
    const expect = profile.signals[tag.name]?.expect;
    if (!expect) continue;
    const bytes = await read(tag.table, tag.at, tag.count);
    const reading = bytes && decoder(tag.point.id, tag.meaning)(bytes, 0, epochMs(0));
    if (reading?.quality !== "good" || reading.value < expect[0] || reading.value > expect[1]) return undefined;
    shows[tag.name] = reading.value;
    fits++;
  }
  return fits > 0 ? { profile: name, fits, shows } : undefined;
}

async function holds(signature: Signature, read: Read): Promise<boolean> {
  const { table, at, type, order = "ABCD", words = 1, scale = 1, equals, between } = signature;
  const bytes = await read(table, at, type === "ascii" ? words : isBits(table) ? 1 : wordsOf[type]);
  if (!bytes) return false;
  if (type === "ascii") return rawText(bytes, 0, words, order) === equals;
  const value = scale * (isBits(table) ? (bytes[0] ?? 0) & 1 : numberOf(type, order, bytes));
  if (equals !== undefined && value !== equals) return false;
  return between === undefined || (value >= between[0] && value <= between[1]);
}

const numberOf = (type: NumberType, order: Parameters<typeof rawReader>[1], bytes: Buffer): number =>
  rawReader(type, order)(bytes, 0);

async function answerOf(session: Session, slave: number, table: Table, at: number, count: number, timeout: Ms) {
  try {
    return (await session.ask(readOf(slave, table, at, count), timeout)).bytes;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}
