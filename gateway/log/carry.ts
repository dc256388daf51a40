import { join } from "node:path";
import type { Entry } from "../core/log.ts";
import type { Reading } from "../core/reading.ts";
import { type Clock, epochMs, steadyMs } from "../core/time.ts";
import { cellsBack, cursorsBack, type Seed, STAND_IN, seedOf } from "./kept.ts";
import { apart, isApart, lostIn } from "./lost.ts";
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
  /** Whether it began with a copy of the cells on this disk, or this one is new. */
  same: boolean;
  /** Readings that were too many for it. */
  lost: number;
  /** When the newest entry was taken that came over, in its own time. */
  at?: Partial<Record<LogName, Stamp>>;
}

/** A time as it was stamped; a loose one moves with its boot. */
interface Stamp {
  t: number | null;
  boot: number;
  loose: boolean;
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
  const began = { t: seed.t, boot: seed.boot + 1, loose: true };
  const known = mine.gaps.filter((gap) => gap.log === log);
  const boots = mine.boots.map(({ boot }) => boot).filter((boot) => boot > seed.boot);
  const raised = <T extends Pick<Gap, "first" | "last" | "boot">>(gap: T) => ({
    ...gap,
    log,
    first: gap.first + mark.seq[log],
    last: gap.last + mark.seq[log],
    boot: gap.boot + mark.boot,
  });
  while (mark.upTo[log] < mine.heads[log].newest) {
    const found = await line.ask({ call: "after", log, seq: mark.upTo[log], limit: AT_ONCE[log] });
    const [rows, gaps]: [Row[], Gap[]] = [[], []];
    for (const { first, n, body } of found.filter((row) => row.first <= mine.heads[log].newest)) {
      const by = { seq: mark.seq[log], boot: mark.boot, steady: mark.steady };
      const moved = repack[log]({ first, body }, [theirs, names], by);
      const last = first + n - 1;
      const stretch = {
        ...{ first: mark.upTo[log] + 1, last: first - 1, known, boots, boot: moved?.began.boot ?? 0 },
        ...{ from: timeIn(mine, mark.at?.[log] ?? began), to: timeIn(mine, moved?.began) },
      };
      for (const piece of lostIn(stretch)) {
        gaps.push({ ...raised(piece), why: "lost" });
        if (log === "readings") mark.lost += piece.last - piece.first + 1;
      }
      if (moved) {
        rows.push({ log, first: first + mark.seq[log], n, body: moved.body });
        mark.count[log] += n;
        mark.at = { ...mark.at, [log]: moved.ended };
      } else gaps.push({ ...raised({ first, last, boot: 0 }), why: "damaged", from: null, to: null });
      mark.upTo[log] = last;
    }
    if (found.length === 0) return;
    await write({ rows, gaps });
  }
}

interface Repacked {
  body: Uint8Array<ArrayBuffer>;
  /** When its first and its last entry were taken. */
  began: Stamp;
  ended: Stamp;
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
    const entries = codec.unpack(body, first, theirs);
    const [head, tail] = [entries?.[0], entries?.at(-1)];
    if (!entries || !head || !tail) return undefined;
    const stamp = (entry: Entry<T>): Stamp => ({
      t: timeOf(entry),
      boot: entry.boot,
      loose: entry.tq === "unsynced" && !foreign.has(entry.item as Reading),
    });
    const [began, ended] = [stamp(head), stamp(tail)];
    const moved = entries.map((entry) => ({
      ...entry,
      seq: entry.seq + by.seq,
      boot: entry.boot + by.boot,
      steady: steadyMs(entry.steady + by.steady),
    }));
    return { body: codec.pack(moved, names), began, ended };
  };

const repack = {
  readings: repackWith(readingsCodec),
  notices: repackWith(noticesCodec),
  bursts: repackWith(burstsCodec),
} as const satisfies Record<LogName, Repack>;

const newestBoot = ({ boots, floor }: Peeked): number => Math.max(floor.boot, ...boots.map(({ boot }) => boot));

const each = (number: (log: LogName) => number): Record<LogName, number> => ({
  readings: number("readings"),
  notices: number("notices"),
  bursts: number("bursts"),
});

function newMark(seed: Seed, mine: Peeked, disk: Peeked): Mark {
  const seq = each((log) => Math.max(0, nextSeq(disk, log) - seed.seq[log]));
  const raised = logNames.some((log) => seq[log] > 0);
  // A disk that took its place has nothing of its own that could be older or younger.
  const empty =
    disk.boots.length === 0 && disk.cells.length === 0 && logNames.every((log) => disk.heads[log].newest === 0);
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
    same: seed.peeked && !raised && boot === 0 && (empty || newestBoot(disk) === seed.after),
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
    .filter(({ log, first, last }) => (isApart(first) ? -first : last) >= seed.seq[log])
    .map(({ first, last, ...gap }) => {
      const by = mark.seq[gap.log];
      const moved = isApart(first)
        ? { first: first - by, last: last - by }
        : { first: Math.max(first, seed.seq[gap.log]) + by, last: last + by };
      return apart({ ...gap, ...moved, boot: gap.boot + mark.boot });
    });

/** What the times of one of its runs, as the clock stood, must be moved by, as far as it knows. */
const shiftOf = ({ boots }: Peeked, boot: number): number => boots.find((one) => one.boot === boot)?.shift ?? 0;

const timeIn = (mine: Peeked, stamp: Stamp | undefined): number | null =>
  stamp && stamp.t !== null ? stamp.t + (stamp.loose ? shiftOf(mine, stamp.boot) : 0) : null;

/** Between what the disk took last and what the stand-in took first, there was no gateway. */
const pauses = (seed: Seed, disk: Peeked, mark: Mark): Gap[] =>
  logNames.flatMap((log) => {
    const { newest, lastT } = disk.heads[log];
    if (newest === 0) return [];
    const from = new Map(disk.spans).get(newestBoot(disk))?.to ?? lastT;
    const [first, last] = [newest + 1, seed.seq[log] + mark.seq[log] - 1];
    return [{ log, first, last, why: "gateway_off" as const, boot: seed.boot + mark.boot + 1, from, to: seed.t }];
  });
