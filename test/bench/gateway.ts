import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { libmodbusTcp, stopPeers } from "../sim/modbus/peers.ts";
import { startMosquitto, subscribe } from "../sim/peers/mosquitto.ts";
import { freePort } from "../sim/port.ts";

/**
 * `npm run bench -- gateway [--seconds 10] [--warm 40] [--rounds 3] [--rate 1000,10000]`: what a reading costs on its whole way, from the wire to the log on disk, the
 * history, the rules, MQTT and the page, beside a loop of modbus-serial and mqtt that stores and judges nothing. Ten libmodbus
 * slaves of 100 registers, a mosquitto (and once the broker inside); the programs take turns, the figures are medians.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    // Node compiles what runs often while it runs; until that is over its own threads cost as much as the work.
    warm: { type: "string", default: "40" },
    rate: { type: "string", default: "1000,10000" },
    rounds: { type: "string", default: "3" },
  },
});
const [SLAVES, REGISTERS] = [10, 100];
/** Linux counts CPU time in hundredths of a second. */
const TICK_US = 10_000;
/** As many rules of its own as a site file may have. */
const LIMITS = 500;

interface Program {
  readonly name: string;
  readonly topic: string;
  /** Readings in one message. */
  readonly per: number;
  /** The broker's port. */
  readonly port: number;
  readonly args: (every: number) => readonly string[];
}

interface Figures {
  "readings/s": number;
  "CPU µs/reading": number;
  "CPU %": number;
  "RSS MB": number;
}

const folder = mkdtempSync(join(tmpdir(), "vigie-bench-"));
const mosquitto = await startMosquitto(["allow_anonymous true", "max_queued_messages 0"]);
const ports: number[] = [];
for (let i = 0; i < SLAVES; i++) ports.push(await libmodbusTcp());

const programs: readonly Program[] = [
  {
    name: "bare loop",
    topic: "bare/+",
    per: REGISTERS,
    port: mosquitto.port,
    args: (every) => [join(import.meta.dirname, "gateway/bare.ts"), mosquitto.url, `${every}`, ...ports.map(String)],
  },
  program("gateway, limit + stale, QoS 0", { defaults: ["stale"], qos: 0, per: "scan" }),
  program("the same at QoS 1", { defaults: ["stale"], qos: 1, per: "scan" }),
  program("all default rules, QoS 0", { qos: 0, per: "scan" }),
  program("limit + stale, a message per reading, QoS 0", { defaults: ["stale"], qos: 0, per: "reading" }),
  program("limit + stale, broker inside, QoS 0", {
    defaults: ["stale"],
    qos: 0,
    per: "scan",
    inside: await freePort(),
  }),
];

interface Setting {
  defaults?: readonly string[];
  qos: 0 | 1;
  per: "scan" | "reading";
  /** The port of the broker inside; mosquitto without. */
  inside?: number;
}

function program(name: string, setting: Setting): Program {
  const perScan = setting.per === "scan";
  const args = (every: number) => gateway(every, setting);
  const topic = `vigie/v1/+/+/${perScan ? "$scan" : "+"}`;
  return { name, topic, per: perScan ? REGISTERS : 1, port: setting.inside ?? mosquitto.port, args };
}

try {
  for (const rate of values.rate.split(",").map(Number)) await compare(rate);
} finally {
  stopPeers();
  await mosquitto.stop();
  rmSync(folder, { recursive: true });
}

async function compare(rate: number): Promise<void> {
  const runs = new Map<Program, Figures[]>(programs.map((program) => [program, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [program, figures] of runs) figures.push(await measure(program, (1_000 * SLAVES * REGISTERS) / rate));
  const rows = [...runs].map(([{ name }, figures]) => ({ name, ...medians(figures) }));
  const bare = rows[0]?.["CPU µs/reading"] ?? Number.NaN;
  console.log(`\n${rate} readings/s asked for (load of the machine: ${loadavg()[0]?.toFixed(1)})`);
  console.table(rows.map((row) => ({ ...row, "× bare": round(row["CPU µs/reading"] / bare) })));
}

async function measure({ topic, per, port, args }: Program, every: number): Promise<Figures> {
  const child = spawn(process.execPath, args(every), { stdio: ["ignore", "ignore", "inherit"] });
  try {
    await sleep(1_000 * Number(values.warm));
    const ears = subscribe(port, topic, ["-R"]);
    const [begun, before] = [performance.now(), ticksOf(child)];
    await sleep(1_000 * Number(values.seconds));
    const [elapsed, ticks] = [performance.now() - begun, ticksOf(child) - before];
    ears.stop();
    const readings = ears.lines.length * per;
    return {
      "readings/s": Math.round((1_000 * readings) / elapsed),
      "CPU µs/reading": round((ticks * TICK_US) / readings),
      "CPU %": round((ticks * TICK_US) / elapsed / 10),
      "RSS MB": residentOf(child),
    };
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
}

/** The command line of a gateway with its own site file and data folder. */
function gateway(every: number, setting: Setting): string[] {
  const own = mkdtempSync(join(folder, "run-"));
  writeFileSync(join(own, "site.yaml"), site(every, setting));
  const bin = join(import.meta.dirname, "../../gateway/bin.mjs");
  const mqtt = ["--mqtt-port", `${setting.inside ?? 0}`];
  return [bin, "run", "--config", join(own, "site.yaml"), "--data", join(own, "data"), "--port", "0", ...mqtt];
}

function site(every: number, { defaults, qos, per, inside }: Setting): string {
  return JSON.stringify({
    site: { id: "bench", name: "Bench", timezone: "Europe/Paris", language: "en" },
    machines: ports.map((_, i) => ({ id: `m${i}`, name: `M${i}` })),
    drivers: ports.map((port, i) => ({
      id: `line-${i}`,
      type: "modbus",
      port: `tcp://127.0.0.1:${port}`,
      devices: [{ id: "d", slave: 1, every: `${every}ms`, machine: `m${i}`, signals: signals() }],
    })),
    sinks: [
      { id: "out", type: "mqtt", ...(!inside && { url: mosquitto.url }), per, qos },
      { id: "history", type: "sqlite" },
    ],
    notifiers: [],
    broker: { enabled: inside !== undefined, open: true },
    detectors: Array.from({ length: LIMITS }, (_, i) => ({
      id: `limit-${i}`,
      type: "limit",
      point: `m${i % SLAVES}/r${Math.floor(i / SLAVES)}`,
      high: 60_000,
    })),
    ...(defaults && { alarms: { defaults } }),
  });
}

function signals() {
  const all = Array.from({ length: REGISTERS }, (_, at) => [
    `r${at}`,
    { at, table: "holding", type: "u16", unit: "1" },
  ]);
  return Object.fromEntries(all);
}

/** CPU time of a process and its threads, in ticks. The name in /proc may hold blanks: what counts begins behind it. */
function ticksOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function residentOf({ pid }: ChildProcess): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024);
}

function medians(runs: readonly Figures[]): Figures {
  const middle = (key: keyof Figures) => {
    const sorted = runs.map((run) => run[key]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return {
    "readings/s": middle("readings/s"),
    "CPU µs/reading": middle("CPU µs/reading"),
    "CPU %": middle("CPU %"),
    "RSS MB": middle("RSS MB"),
  };
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
