import { Fault } from "../../core/fault.ts";
import { epochMs, type Ms } from "../../core/time.ts";
import { decoder } from "./decode.ts";
import type { DeviceOptions } from "./options.ts";
import { isBits, type Profile, type Signature, type Table, wordsOf } from "./profile.ts";
import { type Question, readOf } from "./question.ts";
import { rawReader, rawText } from "./raw.ts";
import { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";
import { resolveTags, type Tag } from "./tags.ts";

/** A profile that a device may be, with what it says by that profile. Several of them: nobody can tell them apart by reading. */
export interface Candidate {
  readonly profile: string;
  /** What speaks for it: its own identity, values that only make sense so, or no more than which addresses it answers. */
  readonly proof: Proof;
  /** How many of its registers say something possible; more is likelier. */
  readonly fits: number;
  readonly shows: Readonly<Record<string, number>>;
}

const proofs = ["identity", "values", "addresses"] as const;
type Proof = (typeof proofs)[number];

/**
 * Which profiles a slave may be, the likeliest first; only those that something contradicts are left out: an identity register that
 * says something else, a register that it refuses, a value that cannot be. Reads only. `known`: a question that it has answered.
 */
export async function recognise(
  session: Session,
  known: Question,
  profiles: ReadonlyMap<string, Profile>,
  timeout: Ms,
): Promise<Candidate[]> {
  const slave = { id: known.unit, read: reader(session, known, timeout) };
  const found: Weighed[] = [];
  for (const [name, profile] of profiles) {
    const weighed = await weigh(name, profile, slave);
    if (weighed) found.push(weighed);
  }
  const trust = (name: string) => trusted.indexOf(profiles.get(name)?.verified ?? "weak");
  return found
    .filter((one) => !found.some((other) => outdoes(other, one)))
    .sort(
      (a, b) =>
        proofs.indexOf(a.proof) - proofs.indexOf(b.proof) ||
        b.fits - a.fits ||
        a.refused - b.refused ||
        trust(a.profile) - trust(b.profile),
    )
    .map(({ refused: _, ...candidate }) => candidate);
}

/** A profile that fits so far; `refused`: registers of its map that this device does not have. */
type Weighed = Candidate & { readonly refused: number };

/**
 * Models of one family lack some registers of their map, so a refusal does not rule a profile out; but one that has them all and explains as
 * much does. So does an identity, where the other has nothing but addresses to show.
 */
const outdoes = (other: Weighed, one: Weighed): boolean =>
  (one.refused > 0 && other.refused === 0 && other.fits >= one.fits) ||
  (one.proof === "addresses" && other.proof === "identity");

/** Sisters of one family share a map: the one that more sources agree on goes first. */
const trusted: readonly Profile["verified"][] = ["two", "two_partial", "one", "conflict", "weak"];

/** The slave on the line, and how its registers are read. */
interface Slave {
  readonly id: number;
  /** `undefined`: it has none there. */
  read(table: Table, at: number, count: number): Promise<Buffer | undefined>;
}

async function weigh(name: string, profile: Profile, slave: Slave): Promise<Weighed | undefined> {
  const identity = await identityOf(profile, slave);
  if (!identity) return undefined;
  const device: DeviceOptions = { id: name, every: 1_000, machine: "m", base: 0 };
  const { tags } = resolveTags("scan", device, profile);
  const expectOf = (tag: Tag) => profile.signals[tag.name]?.expect;
  // What must be there comes first: most profiles are ruled out by their first question.
  const order = tags.toSorted((a, b) => Number(expectOf(b) !== undefined) - Number(expectOf(a) !== undefined));
  const shows: Record<string, number> = {};
  const [told, idle] = [new Set<string>(), new Set<string>()];
  let [fits, refused] = [0, 0];
  for (const tag of order) {
    const expect = expectOf(tag);
    const value = await saysOf(tag, slave);
    if (value === "impossible" || (value === "refused" && expect)) return undefined;
    if (value === "refused" && 2 * ++refused > tags.length) return undefined;
    if (typeof value !== "number") continue;
    const isInside = !expect || (value >= expect[0] && value <= expect[1]);
    if (!isInside && value !== 0) return undefined;
    if (!isInside) idle.add(`${expect}`);
    // A register that this device keeps at 0 says nothing.
    if (value === 0) continue;
    fits++;
    if (!expect) continue;
    shows[tag.name] = value;
    told.add(`${expect}`);
  }
  // A phase may have nothing connected to it where another one has.
  if (![...idle].every((expect) => told.has(expect))) return undefined;
  const values = Object.keys(shows).length;
  const proof = identity.agreed > 0 ? "identity" : values > 1 ? "values" : "addresses";
  // Part of a map proves nothing: any controller has a few registers from 0 on.
  if (proof === "addresses" && refused > 0) return undefined;
  if (!identity.isSure && values < 2 && (await answersElsewhere(tags, identity.agreed + values, slave)))
    return undefined;
  return { profile: name, proof, fits, shows, refused };
}

interface Identity {
  /** How many registers say what they must. */
  readonly agreed: number;
  /** One of them is a text or a number that nobody else has. */
  readonly isSure: boolean;
}

/** What the registers that tell one model from another say, the one that holds the slave id among them; undefined: it is another one. */
async function identityOf({ identify = [], write_id }: Profile, slave: Slave): Promise<Identity | undefined> {
  const id = { table: "holding", at: write_id?.at ?? 0, type: "u16", equals: "slave" } as const;
  const signatures: readonly Signature[] = write_id ? [...identify, id] : identify;
  for (const signature of signatures) if (!(await holds(signature, slave))) return undefined;
  return {
    agreed: signatures.length,
    isSure: signatures.some(({ equals }) => equals !== undefined && equals !== "slave"),
  };
}

async function saysOf(tag: Tag, slave: Slave): Promise<number | "nothing" | "refused" | "impossible"> {
  const { type, order, bits } = tag.meaning;
  const bytes = await slave.read(tag.table, tag.at, tag.count);
  if (!bytes) return "refused";
  const reading = decoder(tag.point.id, { ...tag.meaning, counter: false })(bytes, 0, epochMs(0));
  if (reading.quality !== "bad") return reading.value;
  const isNone = reading.why === "not_a_number" && Number.isNaN(rawReader(type, order, bits)(bytes, 0));
  return reading.why === "no_sensor" || isNone ? "nothing" : "impossible";
}

/** An address that no map names. */
const NOWHERE = 60_000;

/** Gaps narrower than this may well hold registers that the map leaves out. */
const WIDE = 8;

/**
 * Whether the slave answers for an address that the map leaves out, so that having the others proves nothing: in the middle of a wide
 * gap, or just behind the end. What agrees in three places is believed unless the slave answers for every address there is.
 */
async function answersElsewhere(tags: readonly Tag[], agreed: number, { read }: Slave): Promise<boolean> {
  const [first] = tags;
  if (!first) return true;
  const { table, count } = first;
  if (agreed > 2) return (await read(table, NOWHERE, count)) !== undefined;
  const own = tags.filter((tag) => tag.table === table).toSorted((a, b) => a.at - b.at);
  const gaps = own.map((tag, i) => ({ from: tag.at + tag.count, to: own[i + 1]?.at ?? tag.at + tag.count + 1 }));
  const wide = gaps.filter(({ from, to }) => to - from >= WIDE);
  for (const { from, to } of wide.length > 0 ? wide : gaps.slice(-1)) {
    // On the grid of the map: half a value is refused by many a device that has the whole.
    const middle = from + count * Math.floor((to - from - 1) / 2 / count);
    if ((await read(table, middle, count)) !== undefined) return true;
  }
  return false;
}

async function holds(signature: Signature, { id, read }: Slave): Promise<boolean> {
  const { table, at, type, order = "ABCD", words = 1, scale = 1, equals, between } = signature;
  const bytes = await read(table, at, type === "ascii" ? words : isBits(table) ? 1 : wordsOf[type]);
  if (!bytes) return false;
  if (type === "ascii") return rawText(bytes, 0, words, order) === equals;
  const value = scale * (isBits(table) ? (bytes[0] ?? 0) & 1 : rawReader(type, order)(bytes, 0));
  if (equals !== undefined && value !== (equals === "slave" ? id : equals)) return false;
  return between === undefined || (value >= between[0] && value <= between[1]);
}

/** A slave that kept silent so often does so instead of refusing, and is not asked twice any more. */
const SILENCES = 3;

/** Asks every register once and remembers what came: what is refused, or met with silence twice, is not there. */
function reader(session: Session, known: Question, timeout: Ms): Slave["read"] {
  const asked = new Map<string, Buffer | undefined>();
  let silences = 0;
  const answerTo = async (question: Question): Promise<Buffer | undefined> => {
    for (let tries = silences < SILENCES ? 2 : 1; tries > 0; tries--) {
      try {
        return (await session.ask(question, timeout)).bytes;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (error instanceof Refusal && error.code !== "busy" && error.code !== "timeout") return undefined;
        // Once this is answered no late answer can be under way any more, and the wire asks on freely.
        await session.ask(known, timeout).catch(() => undefined);
      }
    }
    silences++;
    return undefined;
  };
  return async (table, at, count) => {
    const key = `${table} ${at} ${count}`;
    if (!asked.has(key)) asked.set(key, await answerTo(readOf(known.unit, table, at, count)));
    return asked.get(key);
  };
}
