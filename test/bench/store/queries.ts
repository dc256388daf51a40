import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clock } from "../../../gateway/clock.ts";
import type { HistoryAnswer } from "../../../gateway/core/api.ts";
import { good } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR, MINUTE, type Ms } from "../../../gateway/core/time.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { eventually, launch, type RunningGateway } from "../../sim/gateway.ts";
import { counted, sumOf } from "../../sim/metrics.ts";
import { libmodbusTcp, stopPeers } from "../../sim/modbus/peers.ts";
import { type BenchOptions, type Figures, folder, open, rounded } from "./bench.ts";
import { fill, POINTS, pointAt, YEARS } from "./fill.ts";

const SLAVES = 10;
const EVERY: Ms = 200;
const SPANS = { hour: HOUR, day: DAY, month: 30 * DAY, year: 365 * DAY } as const;
const [COLD, WARM] = [15, 60];

/**
 * How long a gateway that polls 100 registers of ten slaves five times a second takes to answer from the history of these
 * points at 1 Hz: `days` of single readings, two years of roll-ups. Cold: nothing of the file is in the machine's memory.
 */
export async function queries({ days }: BenchOptions): Promise<Figures> {
  const where = folder();
  const file = join(where, STORE_FILE);
  try {
    await (await open(where)).store.close();
    const filled = fill(file, { end: clock.now() - 10 * MINUTE, days });
    const rows = await newest(where);
    const ports: number[] = [];
    for (let i = 0; i < SLAVES; i++) ports.push(await libmodbusTcp());
    const lag = join(where, "lag.json");
    const preload = `--import=${join(import.meta.dirname, "lag.ts")}`;
    const env = { NODE_OPTIONS: preload, VIGIE_BENCH_LAG: lag, VIGIE_SITE: "large" };
    const gateway = await launch(["run", "--config", site(where, ports)], { data: where, env });
    try {
      const { raw, all } = filled.bytes;
      return {
        ...{ points: POINTS, rawDays: days, rollUpYears: YEARS, filledSeconds: rounded(filled.seconds, 0) },
        ...{ storeMB: rounded(all / 1e6, 0), bytesPerReading: rounded(raw / filled.readings), inLog: rows },
        rollUpBytesPerPointAndDay: rounded((all - raw) / POINTS / YEARS / 365, 0),
        ...(await ask(gateway, file, lag)),
      };
    } finally {
      await gateway.stop();
    }
  } finally {
    stopPeers();
    rmSync(where, { recursive: true });
  }
}

/** The last ten minutes, which no compaction has seen; the number of readings. */
async function newest(where: string): Promise<number> {
  const { store } = await open(where);
  const now = clock.now();
  for (let t = now - 10 * MINUTE; t < now; t += 1_000)
    void store.readings.append(
      Array.from({ length: POINTS }, (_, p) => good(pointAt(p), epochMs(t), 40 + (p % 7) / 10)),
    );
  await store.readings.append([good(pointAt(0), now, 40)]);
  await store.close();
  return 600 * POINTS + 1;
}

async function ask(gateway: RunningGateway, file: string, lag: string): Promise<Figures> {
  const polled = async () => {
    const lines = counted(await gateway.metrics()).filter(({ labels }) => labels.driver?.startsWith("line-"));
    const sum = (name: string) => sumOf(lines, name);
    return { good: sum("readings_good_total"), bad: sum("readings_bad_total"), skipped: sum("readings_skipped_total") };
  };
  await eventually(async () => ((await polled()).good > 5_000 ? true : undefined), 30_000);
  await loopOf(gateway, lag);
  await sleep(10_000);
  const figures: Figures = { idleLagP99Ms: (await loopOf(gateway, lag)).p99 };
  const [before, from] = [await polled(), Date.now()];
  for (const [name, span] of Object.entries(SPANS)) {
    for (const temperature of ["cold", "warm"] as const) {
      const times: number[] = [];
      for (let i = 0; i < (temperature === "cold" ? COLD : WARM); i++) {
        if (temperature === "cold") evict(file);
        times.push(await one(gateway, pointAt((i * 11) % POINTS), span));
      }
      const { p99, worst } = await loopOf(gateway, lag);
      times.sort((a, b) => a - b);
      figures[`${name} ${temperature}`] =
        `${rounded(times[times.length >> 1] ?? 0, 1)} ms, worst ${rounded(times.at(-1) ?? 0, 1)}, lag p99 ${p99}, worst ${worst}`;
    }
  }
  const after = await polled();
  return {
    ...figures,
    ...{ pollsGood: after.good - before.good, bad: after.bad - before.bad, skipped: after.skipped - before.skipped },
    ...(await lateness(gateway, from, Date.now())),
  };
}

/** One question over HTTP, to the last byte of its answer. */
async function one(gateway: RunningGateway, point: string, span: Ms): Promise<number> {
  const to = Date.now();
  const started = performance.now();
  const answer = await fetch(`${gateway.url}/api/v1/history?point=${point}&from=${to - span}&to=${to}&buckets=2000`);
  const text = await answer.text();
  const took = performance.now() - started;
  const { buckets } = JSON.parse(text) as HistoryAnswer;
  if (buckets.length > 2_000) throw new Error(`${buckets.length} buckets`);
  if (buckets.filter((bucket) => bucket.count > 0).length < buckets.length * 0.9)
    throw new Error("the answer has holes");
  return took;
}

/** How far apart the readings of each slave lie that were taken meanwhile. */
async function lateness(gateway: RunningGateway, from: number, to: number): Promise<Figures> {
  const apart: number[] = [];
  for (let slave = 0; slave < SLAVES; slave++) {
    const answer = await fetch(`${gateway.url}/api/v1/export?point=m${slave}/r0&format=json&from=${from}&to=${to}`);
    const times = ((await answer.json()) as { t: number }[]).map(({ t }) => t);
    for (let i = 1; i < times.length; i++) apart.push((times[i] ?? 0) - (times[i - 1] ?? 0));
  }
  apart.sort((a, b) => a - b);
  const at = (share: number) => apart[Math.min(apart.length - 1, Math.floor(apart.length * share))] ?? 0;
  const late = apart.filter((ms) => ms > 1.5 * EVERY).length;
  return { polls: apart.length, everyMs: EVERY, apartP99Ms: at(0.99), apartWorstMs: at(1), late };
}

/** What the loop of the gateway was late by since this was asked last. */
async function loopOf(gateway: RunningGateway, lag: string): Promise<{ p99: number; worst: number }> {
  rmSync(lag, { force: true });
  gateway.process.kill("SIGUSR2");
  await eventually(() => existsSync(lag) || undefined, 5_000);
  const { p99, worst } = JSON.parse(readFileSync(lag, "utf8")) as { p99: number; worst: number };
  return { p99: rounded(p99, 1), worst: rounded(worst, 1) };
}

function evict(file: string): void {
  for (const part of [file, `${file}-wal`])
    execFileSync("dd", [`of=${part}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"]);
  const left = Number(execFileSync("fincore", ["--bytes", "--noheadings", "--output", "res", file]));
  if (left > 0.02 * statSync(file).size) throw new Error(`${left} bytes of the store are still in memory`);
}

function site(where: string, ports: readonly number[]): string {
  const signals = Object.fromEntries(
    Array.from({ length: POINTS / SLAVES }, (_, at) => [`r${at}`, { at, table: "holding", type: "u16", unit: "1" }]),
  );
  const config = join(where, "site.yaml");
  const text = JSON.stringify({
    site: { id: "bench", name: "Bench", timezone: "Europe/Paris", language: "en" },
    web: { open: true },
    broker: { enabled: false },
    notifiers: [],
    machines: ports.map((_, i) => ({ id: `m${i}`, name: `M${i}` })),
    drivers: ports.map((port, i) => ({
      ...{ id: `line-${i}`, type: "modbus", port: `tcp://127.0.0.1:${port}` },
      devices: [{ id: "d", slave: 1, every: `${EVERY}ms`, machine: `m${i}`, signals }],
    })),
  });
  writeFileSync(config, text);
  return config;
}
