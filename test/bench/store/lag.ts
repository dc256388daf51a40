import { renameSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/** Loaded into a gateway (`--import`): at SIGUSR2 it writes how late its loop was since it was asked last, in ms. */
const file = process.env.VIGIE_BENCH_LAG;
if (file && isMainThread) {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  process.on("SIGUSR2", () => {
    writeFileSync(`${file}.new`, JSON.stringify({ p99: loop.percentile(99) / 1e6, worst: loop.max / 1e6 }));
    loop.reset();
    renameSync(`${file}.new`, file);
  });
}
