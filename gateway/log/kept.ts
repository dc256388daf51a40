import { auditEnd, type Cells, type Log, type Stretch } from "../core/log.ts";
import { steadyMs } from "../core/time.ts";
import { type Place, readPlaces, writePlaces } from "./places.ts";
import { type CellRow, type LogName, logNames, type Peeked } from "./protocol.ts";

/** The stand-in's own cells, on either side. */
export const STAND_IN = "stand-in";

/** What a stand-in began with. */
export interface Seed {
  id: string;
  /** Its first number in each log: the disk's next, or 1 where nobody knows. */
  seq: Record<LogName, number>;
  /** The number of the boot before its first. By the clock, because the disk cannot remember which were shown. */
  boot: number;
  /** Of its steady time. */
  offset: number;
  t: number;
  monotonic: number;
  /** Whether the disk could still be read: then it began with a copy of all cells. */
  peeked: boolean;
  /** The newest boot that was on the disk. */
  after: number;
}

export function seedOf({ cells }: Peeked): Seed {
  const cell = cells.find(({ kind, key }) => kind === STAND_IN && key === "seed");
  if (!cell?.value) throw new Error("this is no stand-in's store");
  return JSON.parse(cell.value) as Seed;
}

/**
 * An account that nobody can sign in with. While the box's own accounts cannot be read, its page must not take it for a new
 * box and let whoever comes first make an administrator.
 */
const nobody: CellRow = {
  kind: "account",
  key: "-",
  value: JSON.stringify({
    ...{ name: "-", role: "viewer", created: 0, disabled: true },
    hash: `scrypt$16384$8$1$AAAA$${Buffer.alloc(32).toString("base64url")}`,
  }),
};
const isNobody = ({ kind, key }: CellRow) => kind === nobody.kind && key === nobody.key;
/** Places in the log go their own way, the stand-in's own cells are nobody else's, and each side has an audit list of its own. */
const isOwn = (cell: CellRow) =>
  cell.kind === STAND_IN || cell.kind === "cursor" || cell.kind === auditEnd.kind || isNobody(cell);

/** The cells that a stand-in begins with. */
export function cellsFor(seed: Seed, disk: Peeked | undefined): CellRow[] {
  const copied = (disk?.cells ?? []).filter((cell) => !isOwn(cell));
  const known = copied.some(({ kind }) => kind === nobody.kind);
  return [...copied, ...(known ? [] : [nobody]), { kind: STAND_IN, key: "seed", value: JSON.stringify(seed) }];
}

/**
 * The cells that go back. All, where the stand-in began with a copy of the ones on this disk; otherwise its alarms, but for
 * those that somebody had acknowledged or put aside before, which it could not know.
 */
export function cellsBack(mine: Peeked, disk: Peeked, { same, steady }: { same: boolean; steady: number }): CellRow[] {
  const place = ({ kind, key }: CellRow) => `${kind}\u0000${key}`;
  const there = new Map(disk.cells.map((cell) => [place(cell), cell]));
  const here = mine.cells.filter((cell) => !isOwn(cell));
  if (!same)
    return here
      .filter((cell) => cell.kind === "alarm" && !knowsMore(there.get(place(cell)), cell))
      .map((cell) => inFrame(cell, steady));
  const changed = here.filter((cell) => there.get(place(cell))?.value !== cell.value);
  const kept = new Set(here.map(place));
  const gone = disk.cells.filter((cell) => !isOwn(cell) && !kept.has(place(cell)));
  return [...changed, ...gone.map((cell) => ({ ...cell, value: null }))];
}

interface AlarmCell {
  life?: { process?: string; shelf?: string; oos?: boolean };
  timers?: Record<string, number>;
  frozenAt?: number;
}

const alarmIn = (cell: CellRow | undefined): AlarmCell => (cell?.value ? (JSON.parse(cell.value) as AlarmCell) : {});

function knowsMore(there: CellRow | undefined, here: CellRow): boolean {
  const [known, now] = [alarmIn(there).life, alarmIn(here).life];
  if (known?.oos || (known?.shelf ?? "none") !== "none") return true;
  return known?.process === "acked" && now?.process === "unacked";
}

/** An alarm with its timers in another steady time. */
function inFrame(cell: CellRow, by: number): CellRow {
  const { timers = {}, frozenAt, ...rest } = alarmIn(cell);
  const later = Object.fromEntries(Object.entries(timers).map(([name, at]) => [name, at + by]));
  const frozen = frozenAt === undefined ? {} : { frozenAt: frozenAt + by };
  return { ...cell, value: JSON.stringify({ ...rest, timers: later, ...frozen }) };
}

/** Who must hear of the stand-in's alarms again where what it told people is not known on the disk. */
const TELLS = "postman";
/** Who goes on in the stand-in where it stood on the disk, and lives again through what is before that. */
const RULES = "alarms";
/**
 * The follower of the stand-in's readings that has them kept: what is pending for it waits for the disk. Not a name that a
 * site file may give, because a sink of that name would share its place.
 */
export const KEPT_FOR = "(disk)";

/** The places that a stand-in begins with. */
export function cursorsFor({ seq }: Seed, disk: Peeked | undefined): string {
  const rules = readPlaces(disk?.cursors ?? null).places.get(RULES);
  const kept = [KEPT_FOR, { seq: seq.readings - 1 }] as const;
  return writePlaces(new Map([kept, ...(rules ? [[RULES, rules] as const] : [])]), 1);
}

/**
 * Where the followers stand once the stand-in is over: behind what it gave them, with what the disk had still for them as
 * backlog.
 */
export function cursorsBack(
  { seq, cells, cursors }: Pick<Seed, "seq"> & Pick<Peeked, "cells" | "cursors">,
  disk: string | null,
  { seq: by, same }: { seq: Record<LogName, number>; same: boolean },
): string {
  const { places: before, version } = readPlaces(disk);
  const after = new Map<string, Place>(before);
  for (const [name, place] of readPlaces(cursors).places) {
    const log = logOf(name, cells);
    // Nothing came to it, or it only kept the stand-in from forgetting.
    if (!log || place.seq < seq[log] || (name === TELLS && !same)) continue;
    const first = seq[log] + by[log];
    const known = before.get(name);
    const rest: Stretch[] = (known?.backlog ?? []).filter(({ until }) => until < first);
    if (known && known.seq < first && name !== RULES) rest.push({ after: known.seq, until: first - 1 });
    for (const { after, until } of place.backlog ?? []) rest.push({ after: after + by[log], until: until + by[log] });
    after.set(name, { seq: place.seq + by[log], ...(rest.length > 0 && { backlog: rest }) });
  }
  return writePlaces(after, version + 1);
}

/**
 * A log of the stand-in as its followers see it. Its oldest entry is its own, not one of the disk's that it began with; and
 * it is written down who follows which log, because the disk must know that, too.
 */
export function seen<T>(journal: Log<T>, log: LogName, cells: Cells, first: number): Log<T> {
  return {
    append: (items, monotonic, along) => journal.append(items, monotonic, along),
    after: (seq, limit) => journal.after(seq, limit),
    grown: (signal) => journal.grown(signal),
    head: () => ({ newest: journal.head().newest, oldest: Math.max(journal.head().oldest, first) }),
    trim: () => journal.trim(),
    steady: () => journal.steady?.() ?? steadyMs(0),
    count: (after, until) => journal.count?.(after, until) ?? 0,
    hold: (name, place) => {
      cells.commit({ cells: [followsCell(name, log)], urgent: false }).catch(() => undefined);
      journal.hold?.(name, place);
    },
  };
}

/** The cell that remembers which log a follower of the stand-in follows: its place alone does not say. */
const followsCell = (name: string, log: LogName) => ({ kind: STAND_IN, key: `follower ${name}`, value: log });

function logOf(name: string, cells: readonly CellRow[]): LogName | undefined {
  const cell = cells.find(({ kind, key }) => kind === STAND_IN && key === followsCell(name, "readings").key);
  return logNames.find((log) => cell?.value === JSON.stringify(log));
}
