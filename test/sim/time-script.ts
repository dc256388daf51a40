import pino from "pino";
import type { Entry } from "../../gateway/core/log.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good, type Reading } from "../../gateway/core/reading.ts";
import { type Clock, DAY, epochMs, HOUR, MINUTE, SECOND } from "../../gateway/core/time.ts";
import type { Evidence, Verdict } from "../../gateway/log/keeper.ts";
import type { Boot, Opened } from "../../gateway/log/protocol.ts";
import { Times } from "../../gateway/log/times.ts";

const YEAR = 365 * DAY;

interface Stored {
  entry: Entry<Reading>;
  /** When it was really taken. */
  truth: number;
  /** Whether the gateway can know: synced by then or later in the same kernel boot, and not lied to since. */
  known: boolean;
  /** How far the crystal may have drifted between that and the sync, in ms. */
  drift: number;
}

export interface World {
  stored: Stored[];
  /** The same entries as followers see them in the end. */
  final: Entry<Reading>[];
  boots: ReadonlyMap<number, Boot>;
  verdicts: Verdict[];
  /** A lie was believed at some time: then what is bounded by those readings is bounded wrongly. */
  misled: boolean;
}

/** A machine without a clock battery, and what a seed lets happen to it. Truth runs on; everything else is guesswork. */
class Machine implements Clock {
  truth = Date.UTC(2026, 4, 1);
  kernel = 0;
  #monotonic = 0;
  #wall = 0;
  synced = false;
  /** A lie that was small enough to be believed. */
  misled = false;
  everMisled = false;
  drift = 0;
  /** Monotonic time since the kernel started, for the drift bound. */
  up = 0;

  now = () => epochMs(Math.round(this.#wall));
  monotonic = () => this.#monotonic;
  sleep = () => Promise.reject(new Error("nobody sleeps here"));

  pass(ms: number): void {
    this.truth += ms;
    // The crystal drives both clocks; once a time service disciplines them, both run true.
    const passed = this.synced ? ms : ms * (1 + this.drift / 1e6);
    this.#monotonic += passed;
    this.#wall += passed;
    this.up += ms;
  }

  boot(wall: number, drift: number): void {
    this.kernel++;
    this.#monotonic = 5 * SECOND;
    this.#wall = wall;
    this.synced = this.misled = false;
    this.drift = drift;
    this.up = 0;
  }

  sync(): void {
    this.#wall = this.truth;
    this.synced = true;
  }

  step(ms: number): void {
    this.#wall += ms;
  }

  evidence = async (): Promise<Evidence> => (this.synced ? "ntp" : "none");
}

/** Plays one script to its end, where the machine is synced, and tells all that was stored. */
export function machineScript(seed: number): World {
  const random = seeded(seed);
  const machine = new Machine();
  const disk: { stored: Stored[]; boots: Map<number, Boot>; verdicts: Verdict[] } = {
    stored: [],
    boots: new Map(),
    verdicts: [],
  };
  machine.boot(random() < 0.5 ? machine.truth : machine.truth - random() * 300 * DAY, (random() - 0.5) * 200);
  let times = start(machine, disk);
  const steps = 4 + Math.floor(random() * 8);
  for (let i = 0; i < steps; i++) {
    run(machine, times, disk, random);
    const dice = random();
    if (dice < 0.3) {
      machine.pass(SECOND + random() ** 3 * 10 * DAY);
      // fake-hwclock: up to an hour behind when the power went, or a clock that knows nothing.
      const stale = machine.now() - random() * HOUR;
      machine.boot(random() < 0.2 ? 0 : stale, (random() - 0.5) * 200);
      times = start(machine, disk);
    } else if (dice < 0.45) {
      machine.pass(SECOND + random() * MINUTE);
      times = start(machine, disk);
    } else if (dice < 0.75) sync(machine, times, disk);
    else lie(machine, times, disk, random);
  }
  machine.pass(MINUTE);
  sync(machine, times, disk);
  return { ...disk, misled: machine.everMisled, final: disk.stored.map(({ entry }) => times.settle(entry)) };
}

type Disk = Omit<World, "final" | "boots" | "misled"> & { boots: Map<number, Boot> };

function start(machine: Machine, disk: Disk): Times {
  const last = disk.stored.at(-1)?.entry;
  const head = {
    newest: last?.seq ?? 0,
    oldest: 1,
    reserved: 0,
    lastT: last?.item.t ?? 0,
    lastSteady: last?.steady ?? 0,
  };
  const none = { ...head, newest: 0, lastSteady: 0 };
  const opened: Opened = {
    boots: [...disk.boots.values()],
    names: [],
    heads: { readings: head, notices: none, bursts: none },
    cursors: null,
    gaps: [],
    compacted: 0,
    spans: spansOf(disk),
    floor: { boot: 0, reserved: { readings: 0, notices: 0, bursts: 0 } },
    remarks: [],
  };
  const note = (boots: readonly Boot[]) => {
    for (const boot of boots) disk.boots.set(boot.boot, boot);
  };
  const times = new Times({
    clock: machine,
    say: pino({ level: "silent" }),
    meters: new Meters(),
    evidence: machine.evidence,
    kernel: String(machine.kernel),
    opened,
    note,
  });
  note([times.current]);
  hear(machine, times, disk);
  machine.misled = false;
  if (machine.synced) judge(machine, times);
  return times;
}

function spansOf({ stored, boots }: Disk): Opened["spans"] {
  const spans = new Map<number, { from: number; to: number }>();
  for (const { entry } of stored) {
    const known = spans.get(entry.boot);
    const t = entry.item.t + (entry.tq === "unsynced" ? (boots.get(entry.boot)?.shift ?? 0) : 0);
    spans.set(entry.boot, { from: Math.min(t, known?.from ?? t), to: Math.max(t, known?.to ?? t) });
  }
  return [...spans];
}

/** Readings for a while, seconds to hours apart. */
function run(machine: Machine, times: Times, disk: Disk, random: () => number): void {
  const apart = SECOND + random() ** 3 * 4 * HOUR;
  for (let i = 0, count = 3 + Math.floor(random() * 12); i < count; i++) {
    machine.pass(apart * (0.5 + random()));
    times.look();
    const entry = times.stampReading(good("m/s", machine.now(), i), machine.monotonic(), disk.stored.length + 1);
    disk.stored.push({ entry, truth: machine.truth, known: machine.synced && !machine.misled, drift: 0 });
  }
}

function sync(machine: Machine, times: Times, disk: Disk): void {
  const first = !machine.synced;
  machine.sync();
  hear(machine, times, disk);
  // The first sync of a kernel boot puts right all that this boot has stored, but for what its crystal drifted until now.
  for (const told of first ? disk.stored : []) {
    if (disk.boots.get(told.entry.boot)?.kernel !== String(machine.kernel) || told.entry.tq !== "unsynced") continue;
    told.known = true;
    told.drift = driftOf(machine);
  }
  machine.misled = false;
  judge(machine, times);
}

/** Somebody sets the clock, or a time server lies. */
function lie(machine: Machine, times: Times, disk: Disk, random: () => number): void {
  const size = [SECOND, MINUTE, HOUR, DAY, YEAR, 10 * YEAR][Math.floor(random() * 6)] ?? SECOND;
  machine.step(random() < 0.5 ? size : -size);
  hear(machine, times, disk);
  if (machine.synced) judge(machine, times);
}

/** A time that is believed though it is wrong. */
function judge(machine: Machine, times: Times): void {
  if (Math.abs(times.now() - machine.truth) <= 100) return;
  machine.misled = machine.everMisled = true;
}

function hear(machine: Machine, times: Times, disk: Disk): void {
  const verdict = times.hear(machine.synced ? "ntp" : "none");
  if (verdict) disk.verdicts.push(verdict);
}

const driftOf = (machine: Machine) => (Math.abs(machine.drift) / 1e6) * machine.up;

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
