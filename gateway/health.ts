import { monitorEventLoopDelay } from "node:perf_hooks";
import { HEARTBEAT } from "./core/detector.ts";
import type { Driver } from "./core/driver.ts";
import type { Meters, Series } from "./core/meter.ts";
import { type Point, pointId } from "./core/point.ts";
import { bad, good, type Reading } from "./core/reading.ts";
import { type Clock, type EpochMs, type Ms, SECOND } from "./core/time.ts";

const HEARTBEAT_EVERY: Ms = 1 * SECOND;
const HEALTH_EVERY: Ms = 30 * SECOND;

const units: Readonly<Record<string, string>> = {
  percent: "%",
  bytes: "By",
  ms: "ms",
  seconds: "s",
  days: "d",
  ratio: "1",
};

/**
 * The gateway watches itself with itself: a driver whose machine is `gateway`. Once a second the heartbeat, the only tick
 * that rules know; every 30 s each gauge that is not about a single signal (those are in /metrics).
 */
export function healthDriver(meters: Meters, clock: Clock): Driver {
  measureProcess(meters, clock);
  const gauges = meters.all().filter((series) => series.kind === "gauge" && !("signal" in series.labels));
  const own = gauges.map((series) => ({ series, point: pointOf(series) }));
  const heartbeat = point("heartbeat", "1", HEARTBEAT_EVERY);
  return {
    points: [heartbeat, ...own.map(({ point }) => point)],
    async *run(signal) {
      let next = clock.monotonic();
      let nextHealth = next + HEARTBEAT_EVERY;
      for (let beat = 1; !signal.aborted; beat++) {
        const now = clock.monotonic();
        const readings: Reading[] = [good(HEARTBEAT, clock.now(), beat)];
        if (now >= nextHealth) {
          nextHealth = now + HEALTH_EVERY;
          meters.all();
          readings.push(...own.map(({ series, point }) => readingOf(point, series, clock.now())));
        }
        scheduled(meters).value += readings.length;
        yield { readings };
        // After a sleep of the whole machine the missed beats are skipped, not made up for.
        next = Math.max(next + HEARTBEAT_EVERY, clock.monotonic());
        await clock.sleep(next - clock.monotonic(), signal).catch(() => undefined);
      }
    },
  };
}

export const HEALTH_DRIVER = "gateway";

const scheduled = (meters: Meters): Series =>
  meters.counter("readings_scheduled_total", "Readings that were due", { driver: HEALTH_DRIVER });

/** A gauge that could not be measured has no number: the device that is at fault is this one. */
const readingOf = ({ id }: Point, { value }: Series, now: EpochMs): Reading =>
  Number.isFinite(value) ? good(id, now, value) : bad(id, now, "device");

function pointOf(series: Series): Point {
  const words = [series.name, ...Object.values(series.labels)].join("_");
  const name = words
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "-")
    .slice(0, 64);
  return point(name, units[series.name.split("_").at(-1) ?? ""] ?? "1", HEALTH_EVERY);
}

function point(name: string, unit: string, every: Ms): Point {
  const signal = { name, unit, kind: "gauge" as const, every };
  return { id: pointId("gateway", name), machine: "gateway", signal, driver: HEALTH_DRIVER, device: "self" };
}

/** What any program can know of itself: CPU, memory, and how late its event loop is. */
function measureProcess(meters: Meters, clock: Clock): void {
  const cpu = meters.gauge("cpu_percent", "CPU of the gateway process, 100 is one core");
  const rss = meters.gauge("memory_bytes", "Resident memory of the gateway process");
  const lag = meters.gauge("loop_lag_p99_ms", "How late the event loop was, 99th percentile since the last look");
  const uptime = meters.gauge("uptime_seconds", "Time since the gateway started");
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const started = clock.monotonic();
  let before = { at: started, usage: process.cpuUsage() };
  meters.probe(() => {
    const at = clock.monotonic();
    rss.value = residentMemory();
    uptime.value = (at - started) / SECOND;
    // Two looks within a second (a page and the driver) share one measurement.
    if (at - before.at < SECOND) return;
    const usage = process.cpuUsage();
    const busy = usage.user + usage.system - before.usage.user - before.usage.system;
    cpu.value = busy / 10 / (at - before.at);
    lag.value = Math.max(0, delay.percentile(99) / 1e6 - 10);
    delay.reset();
    before = { at, usage };
  });
}

/** The system says it in a file, which cannot be opened when the process has no descriptor left. */
export function residentMemory(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return Number.NaN;
  }
}
