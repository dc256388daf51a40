import type { Logger } from "pino";
import { ActionRefused, type Alarm, type AlarmAction, type AlarmEvent, type Alarms } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import type { Cells, Entry, Follower, Log, OwnFollower } from "../core/log.ts";
import type { Meters, Series } from "../core/meter.ts";
import type { AlarmOffice, MachineHealth } from "../core/office.ts";
import type { Machine, Point } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import { type Clock, HOUR, type Ms } from "../core/time.ts";
import type { DetectorPlugin, Site } from "../plugin.ts";
import { type Books, NAME, openBooks } from "./books.ts";
import { createCases, type MachineCase } from "./case.ts";
import { createDerived, type Derived } from "./derived.ts";
import { createOffice } from "./office.ts";
import { type Restart, restart } from "./restart.ts";
import { type Rule, type RuleEntry, rulesOf } from "./rule.ts";
import type { AlarmSettings } from "./settings.ts";
import { createWatch, type Watch } from "./watch.ts";

export interface EngineParts {
  readonly site: Site;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly points: readonly Point[];
  readonly plugins: ReadonlyMap<string, DetectorPlugin>;
  /** The list `detectors:` of the site file. */
  readonly rules: readonly RuleEntry[];
  readonly settings: AlarmSettings;
  readonly log: Log<Reading>;
  /** For the quality figures, which look back. */
  readonly notices?: Log<AlarmEvent>;
  readonly cells: Cells;
  readonly clock: Clock;
  readonly meters: Meters;
  readonly say: Logger;
  /** Where readings go that the engine itself makes (machine states, health). */
  emit(readings: readonly Reading[]): void;
}

export interface Engine extends Follower<Reading>, Alarms, AlarmOffice {
  readonly bursts: Follower<Burst>;
  /** The points that it makes itself: state and health of every machine. */
  readonly points: readonly Point[];
  /** The open case of every machine that has one. */
  cases(): readonly MachineCase[];
  machineView(machine: string): MachineHealth;
  /** Writes down what the detectors have learned, so that the next start need not replay. */
  close(): Promise<void>;
}

/** What detectors have learned is written this often; after a crash the rest is replayed from the log. */
const CHECKPOINT_EVERY: Ms = HOUR;

/** Runs the rules over the readings log. An alarm, the engine's place in the log and the notices move in one transaction. */
export async function openEngine(parts: EngineParts): Promise<Engine> {
  const rules = rulesOf(parts);
  warnOfParents(rules, parts.say);
  const cases = createCases(parts.machines);
  const derived = createDerived(parts.machines, parts.points, cases);
  const watch = createWatch({ ...parts, rules, cases });
  const past = await restart(parts, rules, watch);
  const books = openBooks(parts.cells, rules, watch);
  const judge = new Judge(parts, { watch, past, books, derived, ready: () => office.resume() });

  const act = async (id: string, action: AlarmAction): Promise<Alarm> => {
    if (judge.seen === undefined) throw new ActionRefused("not-now", "the gateway is still starting");
    const out: AlarmEvent[] = [];
    const alarm = watch.desk.act(id, action, watch.now(), out);
    await books.write(out);
    return alarm;
  };
  const { site, cells, log, notices } = parts;
  const office = createOffice({ site, cells, log, notices, rules, watch, cases, act });
  await office.load();

  return {
    name: NAME,
    ordered: true,
    ...office,
    apply: (batch) => judge.readings(batch),
    bursts: { name: `${NAME}-bursts` satisfies OwnFollower, ordered: true, apply: (batch) => judge.bursts(batch) },
    list: (view) => watch.desk.list(view),
    get: (id) => watch.desk.get(id),
    act,
    points: derived.points,
    cases: () => cases.list(),
    machineView(machine) {
      const { health, reasons } = cases.health(machine, watch.now().t);
      const learning = watch.learning(machine);
      return { state: watch.around(machine).state, health, reasons: reasons.map(({ text }) => text), learning };
    },
    async close() {
      if (judge.seen !== undefined) await books.write([], judge.seen, true);
    },
  };
}

interface JudgeParts {
  readonly watch: Watch;
  readonly past: Restart;
  readonly books: Books;
  readonly derived: Derived;
  /** The past has been lived again; from now on time is known. */
  ready(): void;
}

/** The engine's way through its two logs: first the past again, then each entry once, and what came of it written down. */
class Judge {
  /** The newest entry that was judged; undefined until the past was lived again. */
  seen: number | undefined;
  #burstSeen = 0;
  #checkpointAt = Number.POSITIVE_INFINITY;
  readonly #relived = Promise.withResolvers<void>();
  readonly #parts: EngineParts;
  readonly #with: JudgeParts;
  readonly #judged: Series;

  constructor(parts: EngineParts, given: JudgeParts) {
    this.#parts = parts;
    this.#with = given;
    this.#judged = parts.meters.counter("alarms_readings_total", "Readings that went through the rules");
  }

  async readings(batch: readonly Entry<Reading>[]): Promise<void> {
    const [first] = batch;
    if (!first) return;
    const { watch, books, derived } = this.#with;
    const out = this.seen === undefined ? await this.#begin(first) : [];
    for (const entry of batch) {
      if (entry.seq <= (this.seen ?? 0)) continue;
      watch.step(entry, out);
      this.seen = entry.seq;
      this.#judged.value++;
    }
    const now = watch.now();
    const due = now.steady >= this.#checkpointAt;
    if (due || this.#checkpointAt === Number.POSITIVE_INFINITY) this.#checkpointAt = now.steady + CHECKPOINT_EVERY;
    await books.write(out, this.seen, due);
    const own = derived.due(watch, now);
    if (own.length > 0) this.#parts.emit(own);
  }

  async bursts(batch: readonly Entry<Burst>[]): Promise<void> {
    await this.#relived.promise;
    const out: AlarmEvent[] = [];
    for (const entry of batch) {
      if (entry.seq <= this.#burstSeen) continue;
      this.#with.watch.burst(entry, out);
      this.#burstSeen = entry.seq;
    }
    await this.#with.books.write(out);
  }

  async #begin({ seq, item }: Entry<Reading>): Promise<AlarmEvent[]> {
    const { past, books, ready } = this.#with;
    const out = await past.relive(seq - 1, this.#parts.settings.restartWindow);
    ready();
    this.seen = seq - 1;
    this.#relived.resolve();
    await books.retire(past.orphans, item.t);
    return out;
  }
}

/** A parent that does not exist would never keep anybody quiet. */
function warnOfParents(rules: readonly Rule[], say: Logger): void {
  const names = new Set(rules.map(({ id }) => id));
  for (const { id, design } of rules)
    for (const parent of design.suppress.parents)
      if (!names.has(parent)) say.warn(`rule ${id}: its parent ${parent} is no rule of this site`);
}
