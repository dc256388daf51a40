import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { crc32 } from "node:zlib";
import { clock } from "../../../gateway/clock.ts";
import { DAY, epochMs, MINUTE } from "../../../gateway/core/time.ts";
import { openForWriting, rowCrc } from "../../../gateway/log/database.ts";
import { keyOf, packChunk, type Samples } from "../../../gateway/log/history/chunk.ts";
import { type Level, levels, packRollUp, rollUp } from "../../../gateway/log/history/rollup.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { type BenchOptions, type Figures, folder, open, rounded } from "./bench.ts";

const POINTS = 100;
const YEARS = 2;
const SEGMENT = 10 * MINUTE;

/** How long history takes to answer on a store of 100 points at 1 Hz: `days` of single readings, two years of roll-ups. */
export async function queries({ days }: BenchOptions): Promise<Figures> {
  const where = folder();
  await (await open(where)).store.close();
  const today = Math.floor(clock.now() / DAY);
  fill(join(where, STORE_FILE), today, days);
  const { store } = await open(where);
  const end = today * DAY;
  const ask = async (span: number, buckets = 2_000) => {
    const times: number[] = [];
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    for (let i = 0; i < 9; i++) {
      const started = performance.now();
      const point = `machine/signal_${(i * 11) % POINTS}` as const;
      const found = await store.history.range(point, epochMs(end - span), epochMs(end), buckets);
      times.push(performance.now() - started);
      if (found.filter((bucket) => bucket.count > 0).length < found.length * 0.9)
        throw new Error("the answer has holes");
    }
    loop.disable();
    times.sort((a, b) => a - b);
    return {
      median: rounded(times[4] ?? 0, 1),
      worst: rounded(times[8] ?? 0, 1),
      lagP99: rounded(loop.percentile(99) / 1e6, 1),
    };
  };
  const first = await ask(DAY / 24);
  const [day, month, year] = [await ask(DAY), await ask(30 * DAY), await ask(365 * DAY)];
  await store.close();
  const bytes = statSync(join(where, STORE_FILE)).size;
  rmSync(where, { recursive: true });
  return {
    ...{ points: POINTS, rawDays: days, rollUpYears: YEARS, storeMB: rounded(bytes / 1e6, 0) },
    ...{ hourMs: first.median, dayMs: day.median, dayWorstMs: day.worst, dayLoopLagP99Ms: day.lagP99 },
    ...{ monthMs: month.median, yearMs: year.median, yearWorstMs: year.worst, yearLoopLagP99Ms: year.lagP99 },
  };
}

/** Writes the history as compaction would; each blob is a template with its own key and time put in. */
export function fill(file: string, today: number, days: number): void {
  const { db } = openForWriting(file);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  for (let p = 0; p < POINTS; p++) {
    const name = `machine/signal_${p}`;
    db.prepare("INSERT INTO name VALUES (?, ?, ?, ?)").run("point", p, name, rowCrc("point", p, name));
  }
  const chunks = Array.from({ length: 20 }, (_, i) => packChunk(0, samples(600, i)));
  const insert = db.prepare("INSERT INTO chunk VALUES (?, ?)");
  const start = (today - days) * DAY;
  for (let s = 1; s <= (days * DAY) / SEGMENT; s++) {
    const from = start + (s - 1) * SEGMENT;
    const fields = [1, s, 600 * POINTS, from, from + SEGMENT - 1_000, 0, 0];
    db.prepare("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(s, ...fields, rowCrc(s, ...fields));
    for (let p = 0; p < POINTS; p++) insert.run(keyOf(s, p), as(chunks[(p + s) % 20], keyOf(s, p), from));
  }
  const day = samples(86_400, 3);
  for (const level of Object.keys(levels) as Level[]) {
    const rows = Array.from({ length: 5 }, (_, i) =>
      packRollUp(level, 0, rollUp({ ...day, value: day.value.map((v) => v + i) }, 0, levels[level].width), false),
    );
    const put = db.prepare(`INSERT INTO ${level} VALUES (?, ?)`);
    for (let d = today - YEARS * 365; d < today; d++)
      for (let p = 0; p < POINTS; p++) put.run(keyOf(d, p), as(rows[p % 5], keyOf(d, p), 0));
  }
  db.exec("COMMIT");
  db.close();
}

function as(template: Uint8Array | undefined, key: number, note: number): Uint8Array {
  const body = Uint8Array.from(template ?? []);
  const view = new DataView(body.buffer);
  view.setFloat64(8, key, true);
  view.setFloat64(24, note, true);
  view.setUint32(0, crc32(body.subarray(4)), true);
  return body;
}

/** A noisy measurement with one decimal, once a second, a few ms off the beat. */
function samples(count: number, seed: number): Samples {
  let state = seed + 1;
  const noise = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    t: Float64Array.from({ length: count }, (_, i) => i * 1_000 + Math.floor(noise() * 8)),
    value: Float64Array.from({ length: count }, (_, i) => Math.round((40 + 5 * Math.sin(i / 300) + noise()) * 10) / 10),
    state: new Uint8Array(count),
  };
}
