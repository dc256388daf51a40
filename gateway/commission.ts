import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import type {
  DecodeAnswer,
  DecodeRequest,
  LookAnswer,
  LookRequest,
  PortAnswer,
  ProfileAnswer,
  ScanLine,
  ScanRequest,
  WireRequest,
} from "./core/api.ts";
import { Fault, type FaultCode, faults } from "./core/fault.ts";
import type { Language } from "./core/text.ts";
import { type Clock, epochMs, type Ms } from "./core/time.ts";
import { decoder } from "./drivers/modbus/decode.ts";
import { guesses, isLikely } from "./drivers/modbus/guess.ts";
import { limitsOf, plan, type Span } from "./drivers/modbus/plan.ts";
import { listPorts } from "./drivers/modbus/ports.ts";
import { isBits, type Profile, profileSchema } from "./drivers/modbus/profile.ts";
import { readOf } from "./drivers/modbus/question.ts";
import {
  type Found,
  factoryRounds,
  fullRounds,
  longest,
  type Round,
  SCAN_TIMEOUT,
  scan,
  type Voice,
} from "./drivers/modbus/scan.ts";
import { openSession, type Session } from "./drivers/modbus/session.ts";
import { resolveTags, type Tag } from "./drivers/modbus/tags.ts";
import { titleOf } from "./drivers/modbus/titles.ts";

/** What the commissioning page needs of the wires. */
export interface Commissioning {
  ports(): Promise<PortAnswer[]>;
  profiles(): ProfileAnswer[];
  scan(request: ScanRequest, signal: AbortSignal, language: Language): AsyncIterable<ScanLine>;
  /** Rejects with a `Fault` where the wire cannot be opened; undefined for a profile that there is not. */
  look(request: LookRequest): Promise<LookAnswer[] | undefined>;
  decode(request: DecodeRequest): Promise<DecodeAnswer[]>;
}

/** `folder`: where the profiles are. Reads only: a scan asks, it never writes. */
export function openCommissioning(folder: string, clock: Clock): Commissioning {
  let read: ReadonlyMap<string, Profile> | undefined;
  const profiles = () => {
    read ??= readProfiles(folder);
    return read;
  };
  return {
    ports: async () =>
      (await listPorts()).map(({ path, node, heldBy, unstable }) => ({ path, name: node, inUseBy: heldBy, unstable })),
    profiles: () => [...profiles()].map(([id, profile]) => ({ id, ...describe(profile) })),
    scan: (request, signal, language) => lines(request, profiles(), clock, signal, language),
    look: async (request) => {
      const profile = profiles().get(request.profile);
      return profile && onWire(request, clock, (session) => lookAt(session, request.slave, profile));
    },
    decode: (request) => onWire(request, clock, (session) => decodings(session, request)),
  };
}

/** The scan as lines. Progress is told where the scan asks, so the two are handed over through a short queue. */
async function* lines(
  request: ScanRequest,
  profiles: ReadonlyMap<string, Profile>,
  clock: Clock,
  signal: AbortSignal,
  language: Language,
): AsyncGenerator<ScanLine> {
  const rounds = roundsOf(request, profiles);
  // In quick questions: one after a rest counts as several.
  const of = Math.round(longest(rounds) / SCAN_TIMEOUT);
  let progress: ScanLine | undefined;
  const found = scan(rounds, {
    open: (voice) => openSession({ port: request.port, ...voice }, () => clock.monotonic()),
    profiles,
    progress: (voice, slave, left) => {
      const asked = of - Math.round(left / SCAN_TIMEOUT);
      progress = { kind: "progress", asked, of, baud: voice.baud, parity: voice.parity, slave };
    },
    heard: () => undefined,
    signal,
  });
  let count = 0;
  try {
    let next = found.next();
    while (!signal.aborted) {
      const step = await Promise.race([next, clock.sleep(250, signal).catch(() => undefined)]);
      if (progress) yield progress;
      progress = undefined;
      if (!step) continue;
      if (step.done) break;
      count += 1;
      yield lineOf(step.value, profiles);
      next = found.next();
    }
    yield { kind: "done", found: count };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield { kind: "failed", message: error.text[language] };
  }
}

/** What installers set most often first: most of the bauds that a profile names are somebody's factory setting, and are asked before. */
const BAUDS = [9_600, 19_200, 38_400, 2_400, 4_800, 115_200, 57_600, 1_200];
const PARITIES = ["none", "even"] as const;
const EVERY_ID = Array.from({ length: 247 }, (_, i) => i + 1);
/** Few installers count further; these ids are asked under every voice before any higher one is. */
const LOW_IDS = 32;

function roundsOf({ port, bauds, parities, slaves }: ScanRequest, profiles: ReadonlyMap<string, Profile>): Round[] {
  const serial = port.startsWith("/");
  const shared = !port.startsWith("tcp://");
  const voices = (serial ? (bauds ?? BAUDS) : [9_600]).flatMap((baud) =>
    (serial ? (parities ?? PARITIES) : (["none"] as const)).map((parity): Voice => ({ baud, parity, stop_bits: 1 })),
  );
  if (!serial || slaves) return fullRounds(voices, slaves ?? EVERY_ID, shared);
  const factory = bauds || parities ? [] : factoryRounds(profiles);
  return [
    ...factory,
    ...fullRounds(voices, EVERY_ID.slice(0, LOW_IDS), shared),
    ...fullRounds(voices, EVERY_ID.slice(LOW_IDS), shared),
  ];
}

/** Opens the wire for one errand and closes it again. */
async function onWire<T>(request: WireRequest, clock: Clock, errand: (session: Session) => Promise<T>): Promise<T> {
  const { port, baud = 9_600, parity = "none", stopBits = 1 } = request;
  const session = await openSession({ port, baud, parity, stop_bits: stopBits }, () => clock.monotonic());
  try {
    return await errand(session);
  } finally {
    await session.close();
  }
}

const LOOK_TIMEOUT: Ms = 500;

/** Reads a device once by its profile: as few questions as the map allows, one by one where a block is refused. */
async function lookAt(session: Session, slave: number, profile: Profile): Promise<LookAnswer[]> {
  const { tags } = resolveTags("look", { id: "look", every: 1_000, machine: "look", base: 0 }, profile);
  const found = new Map<number, Bytes>();
  for (const block of plan(tags, limitsOf(profile.read), { request: 20, register: 2 })) {
    const whole = await bytesAt(session, slave, block);
    for (const index of block.spans) {
      const tag = tags[index];
      if (!tag) continue;
      // A silent device stays silent: only a refusal is worth asking about one by one.
      const own = "why" in whole && whole.why === "refused" && block.spans.length > 1;
      found.set(index, own ? await bytesAt(session, slave, tag) : part(whole, block, tag));
    }
  }
  return tags.map((tag, index) => answerFor(tag, found.get(index) ?? { why: "unknown" }, profile));
}

type Bytes = { bytes: Buffer } | { why: FaultCode };

async function bytesAt(session: Session, slave: number, { table, at, count }: Span): Promise<Bytes> {
  try {
    return await session.ask(readOf(slave, table, at, count), LOOK_TIMEOUT);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { why: error.code };
  }
}

/** The bytes of one signal out of its block. Bits are moved to the front of a byte of their own. */
function part(whole: Bytes, block: Span, { table, at, count }: Span): Bytes {
  if ("why" in whole) return whole;
  const from = at - block.at;
  if (!isBits(table)) return { bytes: whole.bytes.subarray(2 * from, 2 * (from + count)) };
  return { bytes: Buffer.of(((whole.bytes[from >> 3] ?? 0) >> (from & 7)) & 1) };
}

function answerFor({ name, table, at, point, meaning }: Tag, found: Bytes, profile: Profile): LookAnswer {
  const { expect } = profile.signals[name] ?? {};
  const { unit, kind, title } = point.signal;
  const place = {
    signal: name,
    unit,
    kind,
    table,
    at,
    type: meaning.type,
    ...(title && { title }),
    ...(expect && { expect }),
  };
  if ("why" in found) return { ...place, raw: null, value: null, why: found.why };
  const raw = (found.bytes.toString("hex").toUpperCase().match(/../g) ?? []).join(" ");
  const reading = decoder(point.id, { ...meaning, counter: false })(found.bytes, 0, epochMs(0));
  if (reading.quality === "bad") return { ...place, raw, value: null, why: reading.why };
  return { ...place, raw, value: reading.value };
}

/** Ways to read that a page shows. */
const SHOWN = 12;

/** One register more on either side, because data sheets count from 0 or from 1 and do not say which. */
async function decodings(
  session: Session,
  { slave, table, at, count, expect }: DecodeRequest,
): Promise<DecodeAnswer[]> {
  const from = Math.max(0, at - 1);
  const wide = { table, at: from, count: Math.min(125, count + 1 + at - from) };
  let [read, place] = [await bytesAt(session, slave, wide), wide];
  if ("why" in read && read.why === "refused")
    [read, place] = [await bytesAt(session, slave, { table, at, count }), { table, at, count }];
  if ("why" in read)
    throw new Fault(read.why, {
      fr: `esclave ${slave}, ${table} ${at} : ${faults[read.why].fr}`,
      en: `slave ${slave}, ${table} ${at}: ${faults[read.why].en}`,
    });
  return guesses(read.bytes, place.at, expect)
    .slice(0, expect === undefined ? undefined : SHOWN)
    .map((guess) => ({
      ...{ at: guess.at, type: guess.type, order: guess.order, scale: guess.scale },
      value: Number((guess.value * guess.scale).toPrecision(9)),
      likely: isLikely(guess),
    }));
}

function lineOf({ voice, slave, candidates }: Found, profiles: ReadonlyMap<string, Profile>): ScanLine {
  const [best] = candidates;
  const signals = profiles.get(best?.profile ?? "")?.signals ?? {};
  return {
    kind: "found",
    slave,
    baud: voice.baud,
    parity: voice.parity,
    stopBits: voice.stop_bits,
    profiles: candidates.map(({ profile, fits }) => {
      const { vendor = "", model = "" } = profiles.get(profile) ?? {};
      return { id: profile, vendor, model, score: fits };
    }),
    sample: Object.entries(best?.shows ?? {}).map(([signal, value]) => {
      const { unit = "1", title = titleOf(signal) } = signals[signal] ?? {};
      return { signal, value, unit, ...(title && { title }) };
    }),
  };
}

const describe = ({ vendor, model, signals }: Profile): Omit<ProfileAnswer, "id"> => ({
  vendor,
  model,
  signals: Object.entries(signals).map(([name, { unit = "1", title = titleOf(name) }]) => ({
    name,
    unit,
    ...(title && { title }),
  })),
});

/** Only profiles of Modbus devices; the folder holds those of other drivers too. */
const readProfiles = (folder: string): ReadonlyMap<string, Profile> =>
  new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(".yaml"))
      .flatMap((file) => {
        const { data } = profileSchema.safeParse(parse(readFileSync(join(folder, file), "utf8")));
        return data ? [[basename(file, ".yaml"), data] as const] : [];
      }),
  );
