// Part of `npm run test:limits` (root): a gateway of 200 readings/s that gets a fiftieth of a core for half a minute, and one
// that the kernel kills because a neighbour took the memory. Prints what became of readings, alarms and what was saved.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AlarmAnswer } from "../../gateway/core/api.ts";
import { Registers } from "../../gateway/simulate/slave.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { counted, sumOf } from "../sim/metrics.ts";
import { serveSlaves } from "../sim/modbus/device.ts";
import { Group } from "./group.ts";

const STARVED = 30_000;
const SIGNALS = 20;
const EVERY = 100;
/** Of a core: about half of what this load needs. */
const SHARE = 0.02;

if (process.getuid?.() !== 0) throw new Error("this needs root");
const folder = mkdtempSync(join(tmpdir(), "vigie-pinch-"));
const slave = new Registers();
for (let at = 0; at < SIGNALS; at++) slave.holding.set(at, 20);
const { port, server } = await serveSlaves(new Map([[1, slave]]), "tcp");
const group = new Group(`vigie-pinch-${process.pid}`, { bytes: 400 * 2 ** 20, cores: 1 });
try {
  for (const part of [starved, killed]) {
    const good = await part();
    if (!good) process.exitCode = 1;
  }
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true });
  group.remove();
}

async function start(): Promise<RunningGateway> {
  const signal = (at: number) => `s${at}: { at: ${at}, table: holding, type: u16, unit: Cel }`;
  const signals = Array.from({ length: SIGNALS }, (_, at) => signal(at)).join(", ");
  const site = join(folder, "site.yaml");
  writeFileSync(
    site,
    `site: { id: s, name: S, timezone: UTC }
web: { open: true }
broker: { enabled: false }
machines: [{ id: tour, name: Tour }]
drivers:
  - { id: bus, type: modbus, port: "tcp://127.0.0.1:${port}", devices: [{ id: d, slave: 1, every: ${EVERY}ms, machine: tour, signals: { ${signals} } }] }
detectors:
  - { id: chaud, type: limit, point: tour/s0, high: 50, delay: { on: 0s, off: 0s } }
`,
  );
  group.enter(process.pid);
  try {
    return await launch(["run", "--config", site], { data: join(folder, "data") });
  } finally {
    group.leave(process.pid);
  }
}

interface Counts {
  good: number;
  skipped: number;
}

async function counts({ metrics }: RunningGateway): Promise<Counts> {
  const all = counted(await metrics());
  const of = (name: string) => sumOf(all, `readings_${name}_total`, { driver: "bus" });
  return { good: of("good"), skipped: of("skipped") };
}

async function isHot(gateway: RunningGateway): Promise<true | undefined> {
  const alarms = await gateway.get<AlarmAnswer[]>("/api/v1/alarms");
  return alarms.some(({ id, active }) => id === "chaud" && active) || undefined;
}

/** A fiftieth of a core: what cannot be asked in time is skipped and counted, and an alarm comes before the rest. */
async function starved(): Promise<boolean> {
  const gateway = await start();
  try {
    await eventually(async () => ((await counts(gateway)).good > 10 * SIGNALS ? true : undefined), 20_000);
    await sleep(3_000);
    const before = await counts(gateway);
    group.allow(SHARE);
    const from = performance.now();
    await sleep(STARVED / 2);
    slave.holding.set(0, 70);
    const hot = performance.now();
    await eventually(() => isHot(gateway), 60_000);
    const told = performance.now() - hot;
    await sleep(Math.max(0, STARVED - (performance.now() - from)));
    const lean = await counts(gateway);
    const due = (SIGNALS * (performance.now() - from)) / EVERY;
    group.allow(1);
    await sleep(5_000);
    const [first, at] = [await counts(gateway), performance.now()];
    await sleep(10_000);
    const after = await counts(gateway);
    const fat = (after.good - first.good) / ((performance.now() - at) / 1_000);
    const [read, skipped] = [lean.good - before.good, lean.skipped - before.skipped];
    const caught = first.good - lean.good;
    console.log(
      `${100 * SHARE} % of a core for ${STARVED / 1_000} s: of ${Math.round(due)} readings due ${read} read, ${skipped} skipped and counted; ` +
        `an alarm ${(told / 1_000).toFixed(1)} s after the value; in the 5 s after it ${caught} readings, then ${fat.toFixed(0)}/s; ${group.throttled}`,
    );
    const nominal = (SIGNALS * 1_000) / EVERY;
    return skipped > 0 && read + skipped > 0.95 * due && told < 30_000 && caught <= nominal * 7 && fat > nominal * 0.95;
  } finally {
    group.allow(1);
    slave.holding.set(0, 20);
    await gateway.stop();
  }
}

/** The kernel kills it; started again, it reads on, and what it had said is saved is there. */
async function killed(): Promise<boolean> {
  const gateway = await start();
  writeFileSync(`/proc/${gateway.process.pid}/oom_score_adj`, "1000");
  await eventually(async () => ((await counts(gateway)).good > 20 * SIGNALS ? true : undefined), 20_000);
  const end = once(gateway.process, "exit");
  group.enter(process.pid);
  const hog = spawn(process.execPath, ["-e", "const all = []; for (;;) all.push(Buffer.alloc(4e6, 1))"], {
    stdio: "ignore",
  });
  group.leave(process.pid);
  const [, signal] = await end;
  const died = Date.now();
  hog.kill("SIGKILL");
  const from = performance.now();
  const again = await start();
  await eventually(async () => ((await counts(again)).good > 0 ? true : undefined), 20_000);
  const took = performance.now() - from;
  const lost = died - (await newestBefore(again, died));
  await again.stop();
  console.log(
    `out of memory: ended by ${signal}, ${group.killed} killed by the kernel; reading again ${(took / 1_000).toFixed(1)} s after, ${lost} ms lost`,
  );
  return signal === "SIGKILL" && group.killed > 0 && took < 10_000 && lost < 2_000;
}

/** When the newest stored reading from before a moment was taken. */
async function newestBefore(gateway: RunningGateway, moment: number): Promise<number> {
  const span = `from=${moment - 60_000}&to=${moment}`;
  const table = await (await fetch(`${gateway.url}/api/v1/export.csv?lang=en&point=tour/s0&${span}`)).text();
  const times = table.split("\r\n").map((line) => Number(line.split(",")[1]));
  return Math.max(...times.filter(Number.isFinite));
}
