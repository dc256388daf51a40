import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import { rounded } from "../store/bench.ts";
import { slope } from "../store/slope.ts";
import type { World } from "./world.ts";

/**
 * What must hold, generously. A slope counts for what is left of it once twice its own error is taken off. What the main
 * thread holds after a collection tells a leak within half an hour; what the process takes of the machine goes on growing for
 * the first hours, and only a longer run judges its slope.
 */
const LIMITS = { heldMBPerHour: 6, rssMBPerHour: 12, rssMB: 220, fdsMore: 6, walMB: 48 } as const;
const RSS_JUDGED_AFTER = 2;

interface Sample {
  hour: number;
  rssMB: number;
  /** What the main thread held after the newest collection. */
  heldMB: number;
  fds: number;
  walMB: number;
  degraded: number;
  storeMB: number;
}

/** Looks at the process every five seconds, and has it collect every minute. */
export async function watch(
  { gateway, held }: Pick<World, "gateway" | "held">,
  until: () => boolean,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const began = performance.now();
  const { pid } = gateway.process;
  const size = (end: string) =>
    (statSync(join(gateway.data, STORE_FILE + end), { throwIfNoEntry: false })?.size ?? 0) / 1e6;
  for (let n = 0; !until() && gateway.process.exitCode === null; n++) {
    if (n % 12 === 0) gateway.process.kill("SIGUSR2");
    const metrics = await fetch(`${gateway.url}/metrics`, { signal: AbortSignal.timeout(10 * SECOND) })
      .then((answer) => answer.text())
      .catch(() => "");
    samples.push({
      hour: (performance.now() - began) / HOUR,
      rssMB: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_000,
      heldMB: existsSync(held) ? Number(readFileSync(held, "utf8")) : Number.NaN,
      fds: readdirSync(`/proc/${pid}/fd`).length,
      walMB: size("-wal"),
      degraded: Number(/^vigie_log_degraded (\d)/m.exec(metrics)?.[1] ?? 0),
      storeMB: size(""),
    });
    await sleep(5 * SECOND);
  }
  return samples;
}

/**
 * The second half, as the first is warm-up. Of each minute the lowest: what is there once the collector has been, and
 * sockets have been closed.
 */
export function judged(samples: readonly Sample[]): { figures: Record<string, number>; off: string[] } {
  const minutes = [...Map.groupBy(samples, ({ hour }) => Math.floor((hour * HOUR) / MINUTE)).values()];
  const steady = minutes.slice(minutes.length >> 1);
  const lowest = (what: "rssMB" | "heldMB" | "fds") =>
    steady.map((minute) => Math.min(...minute.map((one) => one[what])));
  const most = (what: "rssMB" | "walMB" | "storeMB") => Math.max(...samples.map((one) => one[what]));
  const rises = (what: "rssMB" | "heldMB") => slope(lowest(what).map((mb, i) => [i / 60, mb]));
  const [rss, held] = [rises("rssMB"), rises("heldMB")];
  const fds = lowest("fds");
  const fdsMore = (fds.at(-1) ?? 0) - (fds[0] ?? 0);
  const figures = {
    ...{ rssMBPerHour: rounded(rss.slope, 1), rssError: rounded(rss.error, 1) },
    ...{ heldMBPerHour: rounded(held.slope, 1), heldError: rounded(held.error, 1) },
    ...{
      heldMB: rounded(lowest("heldMB").at(-1) ?? 0, 1),
      rssMB: rounded(lowest("rssMB").at(-1) ?? 0, 0),
      rssWorstMB: rounded(most("rssMB"), 0),
    },
    ...{ fds: fds.at(-1) ?? 0, fdsMore, walWorstMB: rounded(most("walMB"), 1), storeMB: rounded(most("storeMB"), 1) },
    degradedSeconds: 5 * samples.filter(({ degraded }) => degraded === 1).length,
  };
  const hours = samples.at(-1)?.hour ?? 0;
  const off = [
    held.slope - 2 * held.error > LIMITS.heldMBPerHour && "what the gateway holds grows",
    hours > RSS_JUDGED_AFTER && rss.slope - 2 * rss.error > LIMITS.rssMBPerHour && "memory grows",
    figures.rssWorstMB > LIMITS.rssMB && "too much memory",
    fdsMore > LIMITS.fdsMore && "file descriptors pile up",
    figures.walWorstMB > LIMITS.walMB && "the write-ahead log is too large",
    samples.at(-1)?.degraded === 1 && "the disk is good, and the gateway goes on from memory",
  ].filter((word) => word !== false);
  return { figures, off };
}
