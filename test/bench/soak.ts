import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { epochMs } from "../../gateway/core/time.ts";
import { follow } from "../../gateway/log/follow.ts";
import { STORE_FILE } from "../../gateway/log/store.ts";
import { folder, open, round, rounded } from "./store/bench.ts";

/**
 * npm run soak [-- --minutes 120]: a store under 200 readings a second, a follower that keeps up, one that is offline half
 * the time, one that is always offline, questions every few seconds, and the process stopped for a moment now and then.
 * Prints memory slope, file descriptors, write-ahead log and ledger; exit code 1 when the ledger does not add up.
 */
const { values } = parseArgs({ options: { minutes: { type: "string", default: "120" } } });
const where = folder();
const { store, meters } = await open(where);
const say = pino({ level: "silent" });
const ending = new AbortController();
const options = { cells: store.cells, clock, meters, say, signal: ending.signal };
const online = () => Math.floor(clock.monotonic() / 30_000) % 2 === 0;
const offline = async () => Promise.reject(new Error("offline"));
const followers = [
  follow(store.readings, { name: "keeps-up", apply: async () => undefined }, options),
  follow(store.readings, { name: "half", apply: () => (online() ? Promise.resolve() : offline()) }, options),
  follow(store.readings, { name: "away", apply: offline }, options),
];
const samples: { minute: number; rss: number; fds: number; wal: number }[] = [];
const started = clock.monotonic();
const minutes = () => (clock.monotonic() - started) / 60_000;
for (let n = 0; minutes() < Number(values.minutes); n++) {
  void store.readings.append(round(100, n));
  if (n % 20 === 0)
    await store.history.range("machine-1/signal_1", epochMs(store.time.now() - 60_000), store.time.now(), 60);
  // As if the machine had been suspended: a moment without any code running.
  if (n % 600 === 599) spawnSync("sleep", ["3"]);
  if (n % 60 === 0)
    samples.push({
      minute: minutes(),
      rss: process.memoryUsage.rss() / 1e6,
      fds: readdirSync("/proc/self/fd").length,
      wal: statSync(join(where, `${STORE_FILE}-wal`), { throwIfNoEntry: false })?.size ?? 0,
    });
  await clock.sleep(started + (n + 1) * 500 - clock.monotonic());
}
await store.readings.append(round(1, 0));
ending.abort();
await Promise.all(followers);
meters.all();
const sum = (name: string, labels = {}) => meters.sum(name, labels);
const [accepted, stored, dropped] = [
  sum("readings_accepted_total"),
  sum("readings_stored_total"),
  sum("readings_dropped_total"),
];
const ledger = ["keeps-up", "half", "away"].map((follower) => {
  const of = (name: string) => sum(name, { follower });
  return {
    follower,
    off: stored - of("follower_delivered_total") - of("follower_pending") - of("follower_purged_total"),
  };
});
const half = samples.slice(samples.length >> 1);
const [a, b] = [half[0], half.at(-1)];
const slope = a && b && b.minute > a.minute ? ((b.rss - a.rss) / (b.minute - a.minute)) * 60 : 0;
console.log(
  JSON.stringify({
    ...{
      minutes: rounded(minutes(), 1),
      accepted,
      stored,
      dropped,
      ledger,
      rssMB: rounded(b?.rss ?? 0, 0),
      rssSlopeMBPerHour: rounded(slope, 1),
    },
    ...{ fds: [a?.fds, b?.fds], walMB: rounded(Math.max(...samples.map((s) => s.wal)) / 1e6, 1) },
  }),
);
await store.close();
rmSync(where, { recursive: true });
process.exit(accepted === stored + dropped && ledger.every(({ off }) => off === 0) ? 0 : 1);
