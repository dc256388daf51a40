import { rmSync } from "node:fs";
import pino from "pino";
import { clock } from "../../../gateway/clock.ts";
import type { Follower } from "../../../gateway/core/log.ts";
import type { Reading } from "../../../gateway/core/reading.ts";
import { follow } from "../../../gateway/log/follow.ts";
import influx from "../../../gateway/sinks/influx.ts";
import { has } from "../../need.ts";
import { startVictoriaMetrics } from "../../sim/influx-servers.ts";
import { type Figures, folder, open, round, rounded } from "./bench.ts";

const BACKLOG = 400_000;

/** How fast a follower that was away gets its backlog from disk: doing nothing with it, and writing it to a real server. */
export async function drain(): Promise<Figures> {
  const where = folder();
  const { store, meters } = await open(where);
  let last = Promise.resolve(0);
  for (let n = 0; n * 20 < BACKLOG; n++) {
    last = store.readings.append(round(20, n));
    if (n % 500 === 0) await last;
  }
  await last;
  const figures: Figures = { backlog: BACKLOG };
  const run = async (name: string, follower: Follower<Reading>) => {
    const ending = new AbortController();
    const say = pino({ level: "silent" });
    const started = clock.monotonic();
    const done = follow(store.readings, follower, { cells: store.cells, clock, meters, say, signal: ending.signal });
    while (meters.sum("follower_delivered_total", { follower: follower.name }) < BACKLOG) await clock.sleep(5);
    figures[name] = Math.round(BACKLOG / ((clock.monotonic() - started) / 1_000));
    ending.abort();
    await done;
  };
  const before = process.memoryUsage.rss();
  await run("perSecondToNothing", { name: "nothing", from: "oldest", batch: 5_000, apply: async () => undefined });
  if (has("victoria-metrics")) {
    const server = await startVictoriaMetrics();
    const context = {
      site: { id: "bench", name: "", timezone: "UTC", language: "fr" as const },
      ...{
        id: "influx",
        clock,
        meters,
        say: pino({ level: "silent" }),
        machines: new Map(),
        points: new Map(),
        broker: undefined,
      },
    };
    await run(
      "perSecondToVictoriaMetrics",
      influx.create(influx.options.parse({ url: server.url, token: "t", bucket: "b" }), context),
    );
    await server.stop();
  }
  figures.rssGrowthMB = rounded((process.memoryUsage.rss() - before) / 1e6, 1);
  await store.close();
  rmSync(where, { recursive: true });
  return figures;
}
