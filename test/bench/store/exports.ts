import { rmSync } from "node:fs";
import { join } from "node:path";
import { clock } from "../../../gateway/clock.ts";
import { exported } from "../../../gateway/core/export.ts";
import { DAY, epochMs } from "../../../gateway/core/time.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { type BenchOptions, type Figures, folder, open, rounded } from "./bench.ts";
import { fill, pointAt } from "./fill.ts";

/** What an export of `days` of one point at 1 Hz takes of memory once it is under way. */
export async function exports({ days }: BenchOptions): Promise<Figures> {
  const where = folder();
  await (await open(where)).store.close();
  const today = Math.floor(clock.now() / DAY);
  fill(join(where, STORE_FILE), { end: today * DAY, days, years: 0 });
  const { store } = await open(where);
  const point = pointAt(1);
  const [from, to] = [epochMs((today - days) * DAY), epochMs(today * DAY)];
  let [bytes, pieces, base, most] = [0, 0, 0, 0];
  const started = performance.now();
  for await (const piece of exported(store.history.samples(point, from, to), { format: "csv", point, unit: "" })) {
    bytes += piece.length;
    if (++pieces === 50) base = process.memoryUsage.rss();
    if (pieces > 50 && pieces % 50 === 0) most = Math.max(most, process.memoryUsage.rss());
  }
  const readings = days * 86_400;
  const seconds = (performance.now() - started) / 1_000;
  await store.close();
  rmSync(where, { recursive: true });
  return {
    ...{ readings, megabytes: rounded(bytes / 1e6, 1), perSecond: Math.round(readings / seconds) },
    growthMB: rounded((most - base) / 1e6, 1),
  };
}
