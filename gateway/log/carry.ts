import { join } from "node:path";
import type { Reading } from "../core/reading.ts";
import { type Clock, epochMs, steadyMs } from "../core/time.ts";
import { cellsBack, cursorsBack, type Seed, STAND_IN, seedOf } from "./kept.ts";
import { Names } from "./names.ts";
import { burstsCodec, type Codec, foreign, noticesCodec, readingsCodec } from "./pack.ts";
import {
  type Boot,
  type Commit,
  type Gap,
  type LogName,
  logNames,
  type Peeked,
  type ReaderAnswers,
  type ReaderCall,
  type Row,
} from "./protocol.ts";
import { openReader } from "./questions.ts";
import { timeOf } from "./queue.ts";
import type { Line } from "./rpc.ts";
import { type Door, nextSeq, STORE_FILE } from "./store.ts";
import { firstBoot } from "./times.ts";

/** What one transaction takes over of each log. */
const AT_ONCE = { readings: 20_000, notices: 2_000, bursts: 8 } as const satisfies Record<LogName, number>;

/** How far a stand-in has been taken over. It moves in the transaction of the rows, so that each comes over once. */
interface Mark {
  standIn: string;
  /** What its numbers are raised by: nothing, but where it could not know which ones the disk had used. */
  seq: Record<LogName, number>;
  boot: number;
  /** What its steady time is moved by, to go on where the disk's left off. */
  steady: number;
  upTo: Record<LogName, number>;
  count: Record<LogName, number>;
  /** Whether it began with a copy of the cells on this disk. */
  same: boolean;
  /** Readings that were too many for it. */
  lost: number;
}

export type Carried = Pick<Mark, "count" | "lost">;

interface Carrying {
  line: Line<ReaderCall, ReaderAnswers>;
  mine: Peeked;
  seed: Seed;
  mark: Mark;
  /** The names on the disk. */
  names: Names;
  write(part: Partial<Commit>): Promise<void>;
}

/**
 * Takes what the stand-in in `from` holds over into the store behind the door, with the times and numbers under which it was
 * seen. Goes on where an earlier call, or an earlier process, left off; the stand-in may still be at work.
 */
export async function carry(from: string, to: string, door: Door, clock: Clock): Promise<Carried> {
  const file = join(from, STORE_FILE);
  const reader = openReader(file, clock);
  try {
    const line = await reader();
    const mine = await line.ask({ call: "peek", file, tail: false });
    const disk = await line.ask({ call: "peek", file: join(to, STORE_FILE), tail: false });
    const seed = seedOf(mine);
    const found = markOf(disk);
    const again = found?.standIn === seed.id;
    const mark = again ? found : newMark(seed, mine, disk);
    const names = new Names(disk.names);
    const write = async (part: Partial<Commit>) => {
      const fresh = [...names.fresh];
      const cells = [...(part.cells ?? []), { kind: STAND_IN, key: "mark", value: JSON.stringify(mark) }];
      const rest = { rows: [], gaps: [], boots: [], meta: {}, cursors: null };
      await door.writer.ask({ call: "commit", commit: { ...rest, ...part, cells, names: fresh } });
      names.stored(fresh);
    };
    // Pauses are told by the clock as it stood, and move with the boots of their transaction; its own gaps have moved.
    await write({ boots: bootsOf(mine, seed, mark), gaps: again ? [] : pauses(seed, disk, mark) });
    await write({ gaps: gapsOf(mine, seed, mark) });
    for (const log of logNames) await carryRows(log, { line, mine, seed, mark, names, write });
    const cells = cellsBack(mine, disk, mark);
    await write({ cells, cursors: cursorsBack({ ...mine, seq: seed.seq }, door.opened.cursors, mark) });
    return mark;
  } finally {
    await reader.end();
  }
}

async function carryRows(log: LogName, { line, mine, seed, mark, names, write }: Carrying): Promise<void> {
  const theirs = new Names(mine.names);
  const began = seed.t + shiftOf(mine, seed.boot + 1);
  const known = mine.gaps.filter((gap) => gap.log === log);
  while (mark.upTo[log] < mine.heads[log].newest) {
    const found = await line.ask({ call: "after", log, seq: mark.upTo[log], limit: AT_ONCE[log] });
    const [rows, gaps]: [Row[], Gap[]] = [[], []];
    for (const { first, n, body } of found.filter((row) => row.first <= mine.heads[log].newest)) {
      const by = { seq: mark.seq[log], boot: mark.boot, steady: mark.steady };
      const moved = repack[log]({ first, body }, [theirs, names], by);
      for (const [a, b] of uncovered(known, mark.upTo[log] + 1, first - 1)) {
        const shift = moved?.loose ? shiftOf(mine, moved.boot - mark.boot) : 0;
        const to = moved && moved.t !== null ? moved.t + shift : null;
        const times = { boot: moved?.boot ?? 0, from: began, to };
        gaps.push({ log, first: a + mark.seq[log], last: b + mark.seq[log], why: "lost", ...times });
        if (log === "readings") mark.lost += b - a + 1;
      }
      if (moved) rows.push({ log, first: first + mark.seq[log], n, body: moved.body });
      if (moved) mark.count[log] += n;
      mark.upTo[log] = first + n - 1;
    }
    if (found.length === 0) return;
    await write({ rows, gaps });
  }
}

interface Repacked {
  body: Uint8Array<ArrayBuffer>;
  boot: number;
  /** Of its first entry. */
  t: number | null;
  /** That time moves with its boot. */
  loose: boolean;
}

/** The same entries under the names, numbers and steady time of the disk; undefined for a batch that is damaged. */
type Repack = (
  row: { first: number; body: Uint8Array },
  names: [Names, Names],
  by: { seq: number; boot: number; steady: number },
) => Repacked | undefined;

const repackWith =
  <T>(codec: Codec<T>): Repack =>
  ({ first, body }, [theirs, names], by) => {
    const entries = codec.unpack(body, first, theirs)?.map((entry) => ({
      ...entry,
      seq: entry.seq + by.seq,
      boot: entry.boot + by.boot,
      steady: steadyMs(entry.steady + by.steady),
    }));
    const head = entries?.[0];
    if (!entries || !head) return undefined;
    const loose = head.tq === "unsynced" && !foreign.has(head.item as Reading);
    return { body: codec.pack(entries, names), boot: head.boot, t: timeOf(head), loose };
  };

const repack = {
  readings: repackWith(readingsCodec),
  notices: repackWith(noticesCodec),
  bursts: repackWith(burstsCodec),
} as const satisfies Record<LogName, Repack>;

/** The pieces of first…last that no gap explains. */
function uncovered(gaps: readonly Gap[], first: number, last: number): [number, number][] {
  const pieces: [number, number][] = [];
  let at = first;
  for (const gap of [...gaps].sort((a, b) => a.first - b.first)) {
    if (gap.last < at || gap.first > last) continue;
    if (gap.first > at) pieces.push([at, gap.first - 1]);
    at = gap.last + 1;
  }
  if (at <= last) pieces.push([at, last]);
  return pieces;
}

const newestBoot = ({ boots, floor }: Peeked): number => Math.max(floor.boot, ...boots.map(({ boot }) => boot));

const each = (number: (log: LogName) => number): Record<LogName, number> => ({
  readings: number("readings"),
  notices: number("notices"),
  bursts: number("bursts"),
});

function newMark(seed: Seed, mine: Peeked, disk: Peeked): Mark {
  const seq = each((log) => Math.max(0, nextSeq(disk, log) - seed.seq[log]));
  const raised = logNames.some((log) => seq[log] > 0);
  // Numbers that were shown are never another reading's: where they change, the boot does too.
  const shown = raised ? newestBoot(mine) : seed.boot;
  const boot = Math.max(shown, newestBoot(disk)) - seed.boot;
  // Not its oldest boot: that may be one of the disk's, and of an earlier start of the machine.
  const kernel = mine.boots.find((one) => one.boot === seed.boot)?.kernel ?? "";
  const then = { now: () => epochMs(seed.t), monotonic: () => seed.monotonic };
  return {
    standIn: seed.id,
    seq,
    boot,
    steady: firstBoot({ clock: then, kernel, opened: disk }).offset - seed.offset,
    upTo: each((log) => seed.seq[log] - 1),
    count: each(() => 0),
    same: seed.peeked && !raised && boot === 0 && newestBoot(disk) === seed.after,
    lost: 0,
  };
}

function markOf({ cells }: Peeked): Mark | undefined {
  const cell = cells.find(({ kind, key }) => kind === STAND_IN && key === "mark");
  return cell?.value ? (JSON.parse(cell.value) as Mark) : undefined;
}

/** The runs of the stand-in; the one before them only gave it its first numbers. */
const bootsOf = ({ boots }: Peeked, seed: Seed, mark: Mark): Boot[] =>
  boots
    .filter(({ boot }) => boot > seed.boot)
    .map((boot) => ({ ...boot, boot: boot.boot + mark.boot, offset: boot.offset + mark.steady }));

/** Its own gaps: what is below its first number is the disk's, or the pause before it. */
const gapsOf = ({ gaps }: Peeked, seed: Seed, mark: Mark): Gap[] =>
  gaps
    .filter(({ log, last }) => last >= seed.seq[log])
    .map((gap) => ({
      ...gap,
      first: Math.max(gap.first, seed.seq[gap.log]) + mark.seq[gap.log],
      last: gap.last + mark.seq[gap.log],
      boot: gap.boot + mark.boot,
    }));

/** What the times of one of its runs, as the clock stood, must be moved by, as far as it knows. */
const shiftOf = ({ boots }: Peeked, boot: number): number => boots.find((one) => one.boot === boot)?.shift ?? 0;

/** Between what the disk took last and what the stand-in took first, there was no gateway. */
const pauses = (seed: Seed, disk: Peeked, mark: Mark): Gap[] =>
  logNames.flatMap((log) => {
    const { newest, lastT } = disk.heads[log];
    if (newest === 0) return [];
    const from = new Map(disk.spans).get(newestBoot(disk))?.to ?? lastT;
    const [first, last] = [newest + 1, seed.seq[log] + mark.seq[log] - 1];
    return [{ log, first, last, why: "gateway_off" as const, boot: seed.boot + mark.boot + 1, from, to: seed.t }];
  });
