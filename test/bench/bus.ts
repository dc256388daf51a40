import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { paceOf, TURNAROUND } from "../../gateway/drivers/modbus/copper.ts";
import { modbusDriver, Running } from "../sim/modbus/driver.ts";
import { libmodbusTcp, type PaceCounts, pacedSlaves, stopPeers } from "../sim/modbus/peers.ts";

/**
 * `npm run bench -- bus [--seconds 10] [--rounds 3] [--part ceiling|devices|tcp]`: how much of a serial line's ceiling the driver uses
 * with a real store behind it (also while every sync of the disk takes 50 ms longer), what it costs, how steady it is beside a bare loop, and
 * what two dead slaves of ten do to the others. The slaves are `test/sim/modbus/pace.c` on a pseudo terminal: characters, silences and
 * a turnaround of 5 ms in real time.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    part: { type: "string" },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
const WARM_UP = 2_000;
const BITS = 10;

const words = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`r${at}`, { at, table: "holding", type: "u16", unit: "1" }]),
  );

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One request as the copper allows it: characters, a silence before and behind the answer, the slave's own 5 ms. */
function ceilingCycle(baud: number, registers: number): number {
  const { char, gap } = paceOf({ port: "/dev/x", baud, parity: "none", stop_bits: 1 });
  return (8 + 5 + 2 * registers) * char + 2 * gap + TURNAROUND;
}

/** Every write to disk takes so much longer: an SD card that cleans up. */
const STALL_MS = 50;

interface LineRun {
  cyclesPerSecond: number;
  cpuPerReading: number;
  bad: number;
  stored: number;
  stalls: number;
  counts: PaceCounts;
}

/** One run of `bus/line.ts`, into a real store; `stalled`: its disk is held up at every sync. */
async function lineRun(baud: number, registers: number, stalled: boolean): Promise<LineRun> {
  const slaves = await pacedSlaves({ baud, bits: BITS, turnaround: TURNAROUND, units: [1] });
  const trace = join(mkdtempSync(join(tmpdir(), "vigie-bench-")), "trace");
  const syncs = `fsync,fdatasync`;
  const hold = ["-f", "--seccomp-bpf", "-o", trace, "-e", `trace=${syncs}`];
  const strace = [...hold, "-e", `inject=${syncs}:delay_enter=${1_000 * STALL_MS}`, process.execPath];
  const program = [join(import.meta.dirname, "bus/line.ts"), slaves.path, baud, registers, seconds].map(String);
  const [command, args] = stalled ? ["strace", [...strace, ...program]] : [process.execPath, program];
  const { stdout } = await promisify(execFile)(command, args, { timeout: 1_000 * (seconds + 60) });
  const counts = await slaves.stop();
  const stalls = stalled ? readFileSync(trace, "utf8").split("DELAYED").length - 1 : 0;
  rmSync(join(trace, ".."), { recursive: true });
  return { ...(JSON.parse(stdout) as Omit<LineRun, "stalls" | "counts">), stalls, counts };
}

/** Some runs of one cell: the middle one, and how far they lie apart. */
async function utilisation(baud: number, registers: number, stalled: boolean) {
  const runs: LineRun[] = [];
  for (let round = 0; round < rounds; round++) runs.push(await lineRun(baud, registers, stalled));
  const shares = runs.map((run) => (100 * run.cyclesPerSecond * ceilingCycle(baud, registers)) / 1_000);
  const { gap } = paceOf({ port: "/dev/x", baud, parity: "none", stop_bits: 1 });
  const silences = runs.map(({ counts }) => counts.mean_silence_us);
  return {
    baud,
    registers,
    disk: stalled ? `+${STALL_MS} ms per sync (${runs.map((run) => run.stalls).join(", ")} held up)` : "as it is",
    "of ceiling": `${round(middle(shares))} %`,
    "runs from … to": `${round(Math.min(...shares))} … ${round(Math.max(...shares))} %`,
    "CPU µs/reading": round(middle(runs.map((run) => run.cpuPerReading))),
    "silence µs": `${middle(silences)} (${Math.round(1_000 * gap)} to be kept)`,
    "hasty questions": Math.max(...runs.map(({ counts }) => counts.hasty)),
    "bad readings": Math.max(...runs.map((run) => run.bad)),
  };
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How steady this machine is while nobody else but the bench asks anything of it. */
async function lateness(): Promise<{ p50: number; p99: number }> {
  const program = [join(import.meta.dirname, "bus/lateness.ts"), "100", String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  return JSON.parse(stdout);
}

/** Ten devices of ten registers, once a second each, `dead` of them silent from the start. */
async function ten(baud: number, dead: number) {
  const units = Array.from({ length: 10 }, (_, i) => i + 1);
  const slaves = await pacedSlaves({ baud, bits: BITS, turnaround: TURNAROUND, units: units.slice(dead) });
  const devices = units.map((slave) => ({
    id: `d${slave}`,
    slave,
    every: "1s",
    machine: `m${slave}`,
    signals: words(10),
  }));
  const running = new Running(modbusDriver({ port: slaves.path, baud, devices }));
  await running.until(() => running.of("m10/r0").length > 0);
  await pause(WARM_UP);
  const from = running.readings.length;
  const [bare] = await Promise.all([lateness(), pause(1_000 * seconds)]);
  const window = running.readings.slice(from);
  await running.stop();
  await slaves.stop();
  const alive = units.slice(dead);
  const rates = alive.map(
    (unit) => window.filter((r) => r.point === `m${unit}/r0` && r.quality === "good").length / seconds,
  );
  const late = alive.flatMap((unit) => {
    const times = window.filter((r) => r.point === `m${unit}/r0`).map((r) => r.t);
    return times.slice(1).map((t, i) => Math.abs(t - (times[i] ?? t) - 1_000));
  });
  late.sort((a, b) => a - b);
  return {
    baud,
    dead,
    "slowest of the others": `${round(100 * Math.min(...rates))} %`,
    "bad of the others":
      window.filter((r) => r.quality === "bad" && !r.point.match(dead ? /^m[12]\// : /^$/)).length / 10,
    "bad readings/s of a dead one": dead
      ? window.filter((r) => r.point === "m1/r0" && r.quality === "bad").length / seconds
      : "",
    "jitter p50 ms": late[Math.floor(late.length / 2)],
    "jitter p99 ms": late[Math.floor(late.length * 0.99)],
    "a bare loop beside it: p50, p99 ms": `${bare.p50}, ${bare.p99}`,
  };
}

/** Ten Modbus TCP slaves (libmodbus) of a hundred registers, ten times a second: what the driver alone costs. */
async function tcp() {
  const ports = await Promise.all(Array.from({ length: 10 }, libmodbusTcp));
  const running = ports.map((port, i) => {
    const device = { id: "d", slave: 1, every: "100ms", machine: `m${i}`, signals: words(100) };
    return new Running(modbusDriver({ port: `tcp://127.0.0.1:${port}`, devices: [device] }), false);
  });
  const taken = () => running.reduce((sum, { good }) => sum + good, 0);
  await pause(WARM_UP);
  const [from, before] = [taken(), process.cpuUsage()];
  await pause(1_000 * seconds);
  const [count, cpu] = [taken() - from, process.cpuUsage(before)];
  await Promise.all(running.map((one) => one.stop()));
  return {
    "readings/s": round(count / seconds),
    "CPU µs/reading, driver alone": Math.round((100 * (cpu.user + cpu.system)) / count) / 100,
    "RSS MB": Math.round(process.memoryUsage.rss() / 1e6),
  };
}

const round = (n: number) => Math.round(10 * n) / 10;

try {
  const wants = (part: string) => values.part === undefined || values.part === part;
  if (wants("ceiling")) {
    const lines = [];
    for (const registers of [125, 10])
      for (const baud of [9_600, 19_200, 115_200]) lines.push(await utilisation(baud, registers, false));
    for (const baud of [9_600, 19_200, 115_200]) lines.push(await utilisation(baud, 125, true));
    console.table(lines);
  }
  if (wants("devices")) console.table([await ten(9_600, 0), await ten(9_600, 2), await ten(19_200, 0)]);
  if (wants("tcp")) console.table([await tcp()]);
} finally {
  stopPeers();
}
