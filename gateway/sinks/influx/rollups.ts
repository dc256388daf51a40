import type { Logger } from "pino";
import type { Bucket, Historian } from "../../core/history.ts";
import { type Cells, type Entry, NotNow } from "../../core/log.ts";
import type { Point, PointId } from "../../core/point.ts";
import type { Reading } from "../../core/reading.ts";
import { type Clock, epochMs, MINUTE, type Ms, SECOND } from "../../core/time.ts";
import { ROLL_UPS } from "./line.ts";
import type { Sender } from "./send.ts";

/** So long after its end a minute is written: readings of all sensors have come by then. */
const GRACE: Ms = 10 * SECOND;
/** Minutes of one question to the history, and points of one round: readings must not wait long for roll-ups. */
const MINUTES_AT_ONCE = 1_000;
const POINTS_AT_ONCE = 100;
/** Longer ago than this nobody looks for minutes that a crash has kept from being written. */
const LOOK_BACK: Ms = 24 * 60 * MINUTE;

export const ROLL_UP_CELL = "influx-rollups";

interface RollUpParts {
  id: string;
  sender: Pick<Sender, "send">;
  history: Pick<Historian, "range">;
  cells: Cells | undefined;
  clock: Clock;
  say: Logger;
  series(point: PointId): string;
}

interface Stretch {
  from: number;
  to: number;
}

/**
 * One line per point and minute in a bucket of its own: min, mean, max, count, bad, taken from the local history. Whatever a
 * reading touches is written anew, whole, so that late readings, repeated ones and restarts end in the same numbers.
 */
export class RollUps {
  readonly #parts: RollUpParts;
  /** Per point, the minutes that some reading has touched since they were last written. */
  readonly #touched = new Map<PointId, Stretch>();
  #newest = 0;
  #done: number | undefined;
  /** A server that refuses is left alone until then; the minutes wait. */
  #rest: Ms = 0;

  constructor(parts: RollUpParts) {
    this.#parts = parts;
  }

  /** What these readings touch is written once its minute is over. Never fails: readings must not wait for roll-ups. */
  async follow(entries: readonly Entry<Reading>[], points: Iterable<Pick<Point, "id">>): Promise<void> {
    const [first] = entries;
    if (this.#done === undefined && first) this.#done = await this.#begin(points, first.item.t);
    for (const { item } of entries) {
      this.#touch(item.point, item.t, item.t + 1);
      this.#newest = Math.max(this.#newest, item.t);
    }
    const { clock, say, id } = this.#parts;
    if (clock.monotonic() < this.#rest) return;
    try {
      await this.#write();
      if (this.#rest > 0) say.info(`${id}: roll-ups are written again`);
      this.#rest = 0;
    } catch (error) {
      if (this.#rest === 0) say.warn(`${id}: roll-ups wait: ${error instanceof Error ? error.message : error}`);
      this.#rest = clock.monotonic() + (error instanceof NotNow ? error.after : MINUTE);
    }
  }

  /** Minutes that were over when the gateway ended, but not written yet: of every point, since the newest that was. */
  async #begin(points: Iterable<Pick<Point, "id">>, now: number): Promise<number> {
    const { cells } = this.#parts;
    const done = (await cells?.load(ROLL_UP_CELL))?.get(this.#parts.id);
    if (typeof done !== "number" || done >= now) return 0;
    for (const { id } of points) this.#touch(id, Math.max(done, now - LOOK_BACK), now);
    return done;
  }

  /** Writes the minutes that are over, of some points; the next call goes on. */
  async #write(): Promise<void> {
    const { id, cells, history, sender, series } = this.#parts;
    const over = minuteOf(this.#newest - GRACE);
    const due = [...this.#touched].filter(([, { from }]) => from < over).slice(0, POINTS_AT_ONCE);
    const end = ({ from, to }: Stretch) => Math.min(to, over, from + MINUTES_AT_ONCE * MINUTE);
    const lines: string[] = [];
    for (const [point, stretch] of due) {
      const [from, until] = [stretch.from, end(stretch)];
      const buckets = await history.range(point, epochMs(from), epochMs(until), (until - from) / MINUTE);
      lines.push(...buckets.flatMap((bucket) => lineOf(series(point), bucket)));
    }
    await sender.send(lines);
    for (const [point, stretch] of due) {
      const from = end(stretch);
      if (from < stretch.to) this.#touched.set(point, { from, to: stretch.to });
      else this.#touched.delete(point);
    }
    const done = Math.min(over, ...[...this.#touched.values()].map(({ from }) => from));
    if (due.length === 0 || done <= (this.#done ?? 0)) return;
    this.#done = done;
    void cells?.commit({ cells: [{ kind: ROLL_UP_CELL, key: id, value: done }], urgent: false });
  }

  #touch(point: PointId, from: number, to: number): void {
    const known = this.#touched.get(point);
    const [a, b] = [minuteOf(from), minuteOf(to + MINUTE - 1)];
    this.#touched.set(point, { from: Math.min(a, known?.from ?? a), to: Math.max(b, known?.to ?? b) });
  }
}

const minuteOf = (t: number): number => Math.floor(t / MINUTE) * MINUTE;

/** The same tags as the readings, another measurement; nothing for a minute without any reading. */
function lineOf(series: string, { t, min, mean, max, count, bad }: Bucket): string[] {
  if (count + bad === 0) return [];
  const numbers = count > 0 ? `min=${min},mean=${mean},max=${max},` : "";
  return [`${ROLL_UPS}${series.slice(series.indexOf(","))} ${numbers}count=${count}i,bad=${bad}i ${t}000000`];
}
