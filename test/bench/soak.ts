import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { epochMs } from "../../gateway/core/time.ts";
import { follow } from "../../gateway/log/follow.ts";
import { STORE_FILE } from "../../gateway/log/store.ts";
import { ledgerOf } from "../sim/ledger.ts";
import { folder, open, round, rounded } from "./store/bench.ts";
import { slope } from "./store/slope.ts";

/**
 * npm run soak [-- --minutes 120 --rate 200]: a store under load, a follower that keeps up, one that is offline half the
 * time, one that is always offline, questions every ten seconds, the process stopped for three seconds every five minutes,
 * and the disk taking nothing for fifteen seconds every seven. Memory is read after a forced collection, so that its slope
 * is growth and not garbage; the first half is warm-up (the first compaction comes after ten minutes). Prints one line;
 * exit code 1 when the ledger does not add up or file descriptors pile up.
 */
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "120" }, rate: { type: "string", default: "200" } },
});
const collect = globalThis.gc ?? (() => Promise.reject(new Error("start it with node --expose-gc")));
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

interface Sample {
  hour: number;
  rss: number;
  /** What JavaScript holds, buffers included. */
  held: number;
  fds: number;
  wal: number;
}
const samples: Sample[] = [];
const started = clock.monotonic();
const minutes = () => (clock.monotonic() - started) / 60_000;
const blocked = { times: 0, until: 0, free: (): void => undefined };

/** Another program holds the file's lock: no commit gets through, as on a disk that takes nothing. */
function block(ms: number): void {
  const other = new DatabaseSync(join(where, STORE_FILE), { timeout: 5_000 });
  other.exec("BEGIN IMMEDIATE");
  blocked.times++;
  blocked.until = clock.monotonic() + ms;
  blocked.free = () => {
    other.exec("ROLLBACK");
    other.close();
    blocked.until = 0;
  };
}

async function sample(): Promise<void> {
  await collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  samples.push({
    hour: minutes() / 60,
    rss: rss / 1e6,
    held: (heapUsed + external) / 1e6,
    fds: readdirSync("/proc/self/fd").length,
    wal: statSync(join(where, `${STORE_FILE}-wal`), { throwIfNoEntry: false })?.size ?? 0,
  });
}

for (let n = 0; minutes() < Number(values.minutes); n++) {
  void store.readings.append(round(Number(values.rate) / 2, n));
  if (n % 20 === 0)
    await store.history.range("machine-1/signal_1", epochMs(store.time.now() - 60_000), store.time.now(), 60);
  // As if the machine had been suspended: a moment without any code running.
  if (n % 600 === 599) spawnSync("sleep", ["3"]);
  if (n % 840 === 400) block(15_000);
  if (blocked.until > 0 && clock.monotonic() >= blocked.until) blocked.free();
  if (n % 40 === 39) await sample();
  await clock.sleep(started + (n + 1) * 500 - clock.monotonic());
}
if (blocked.until > 0) blocked.free();
await store.readings.append(round(1, 0));
ending.abort();
await Promise.all(followers);

const ledger = ledgerOf(meters.all());
const steady = samples.slice(samples.length >> 1);
const [first, last] = [steady[0], steady.at(-1)];
const perHour = (what: "rss" | "held") => slope(steady.map((one) => [one.hour, one[what]]));
const [rss, held] = [perHour("rss"), perHour("held")];
const fdGrowth = (last?.fds ?? 0) - (first?.fds ?? 0);
console.log(
  JSON.stringify({
    ...{ minutes: rounded(minutes(), 1), ...ledger.totals, off: ledger.off, blocked: blocked.times },
    ...{ failedCommits: meters.sum("log_commit_failures_total"), rssMB: rounded(last?.rss ?? 0, 0) },
    ...{ rssSlopeMBPerHour: rounded(rss.slope, 1), rssSlopeError: rounded(rss.error, 1) },
    ...{
      heldMB: rounded(last?.held ?? 0, 1),
      heldSlopeMBPerHour: rounded(held.slope, 2),
      heldSlopeError: rounded(held.error, 2),
    },
    ...{ fdGrowth, walMB: rounded(Math.max(...samples.map((s) => s.wal)) / 1e6, 1) },
  }),
);
await store.close();
rmSync(where, { recursive: true });
process.exit(ledger.off.length === 0 && fdGrowth <= 2 ? 0 : 1);
