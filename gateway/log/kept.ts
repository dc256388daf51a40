import { type Place, readPlaces, writePlaces } from "./places.ts";
import type { CellRow, Peeked } from "./protocol.ts";

/** The stand-in's own cells, on either side. */
export const STAND_IN = "stand-in";

/** What a stand-in began with. */
export interface Seed {
  id: string;
  /** The number before its first, in every log, is the disk's; so is the boot before its first. */
  seq: number;
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
/** Places in the log go their own way, and the stand-in's own cells are nobody else's. */
const isOwn = (cell: CellRow) => cell.kind === STAND_IN || cell.kind === "cursor" || isNobody(cell);

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
/** Who lives again through everything since its checkpoint, and needs no backlog for that. */
const RULES = "alarms";

/**
 * Where the followers stand once the stand-in is over: behind what it gave them, with what the disk had still for them as
 * backlog.
 */
export function cursorsBack(seed: Seed, mine: string | null, disk: string | null, same: boolean): string {
  const { places: before, version } = readPlaces(disk);
  const after = new Map<string, Place>(before);
  for (const [name, place] of readPlaces(mine).places) {
    // Nothing came to it, or it only kept the stand-in from forgetting.
    if (place.seq < seed.seq || (name === TELLS && !same)) continue;
    const known = before.get(name);
    const rest = (known?.backlog ?? []).filter(({ until }) => until < seed.seq);
    if (known && known.seq < seed.seq && name !== RULES) rest.push({ after: known.seq, until: seed.seq - 1 });
    const backlog = [...rest, ...(place.backlog ?? [])];
    after.set(name, backlog.length > 0 ? { seq: place.seq, backlog } : { seq: place.seq });
  }
  return writePlaces(after, version + 1);
}
