import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { HOUR, MINUTE, SECOND } from "../../gateway/core/time.ts";
import { eventually, expectLedger, type RunningGateway } from "../sim/gateway.ts";
import { counted, sumOf } from "../sim/metrics.ts";
import { inflict } from "./soak/faults.ts";
import { judged, watch } from "./soak/gauges.ts";
import { lookAt } from "./soak/people.ts";
import { openWorld, points, SITE, type World } from "./soak/world.ts";

/**
 * npm run soak [-- --hours 8 | --minutes 30] [--rate 200] [--disk 256] [--samples FILE]: the whole program on a small ext4 image, with ten slaves, mosquitto,
 * victoria-metrics and people at the page, while one fault follows the other (soak/faults.ts; a full disk needs root). SIGTERM ends it early.
 * Prints a line per fault and one of figures. Exit code 1 when memory grows, descriptors pile up or the write-ahead log does
 * (soak/gauges.ts says how much is allowed), when the ledger does not add up, or when the server lacks a reading.
 */
const { values } = parseArgs({
  options: {
    hours: { type: "string" },
    minutes: { type: "string" },
    rate: { type: "string", default: "200" },
    disk: { type: "string", default: "256" },
    samples: { type: "string" },
  },
});
const lasts = values.hours ? Number(values.hours) * HOUR : Number(values.minutes ?? 120) * MINUTE;
const world = await openWorld(Number(values.rate), Number(values.disk));
try {
  process.exitCode = (await soak(world)) ? 0 : 1;
} finally {
  await world.end();
}

async function soak(world: World): Promise<boolean> {
  const { gateway, victoria, disk } = world;
  const [began, from] = [performance.now(), Date.now()];
  const stopped = new AbortController();
  process.once("SIGTERM", () => stopped.abort());
  const over = () => stopped.signal.aborted || performance.now() - began > lasts || gateway.process.exitCode !== null;
  const told: Record<string, number> = {};
  const inflicting = inflict(world, over, (fault) => {
    told[fault] = (told[fault] ?? 0) + 1;
    console.log(`${Math.round((performance.now() - began) / SECOND)} s: ${fault}`);
  });
  const [samples, served] = await Promise.all([watch(world, over), lookAt(gateway.url, over), inflicting]);
  const { figures, off } = judged(samples);
  if (values.samples) writeFileSync(values.samples, samples.map((sample) => `${JSON.stringify(sample)}\n`).join(""));
  const to = Date.now();
  const text = await drained(gateway, to).catch((error: unknown) => {
    off.push(String(error));
    return "";
  });
  await expectLedger(gateway.metrics).catch((error: unknown) => off.push(String(error)));
  const sum = (name: string) => sumOf(counted(text), name);
  const server = await compared(gateway.url, victoria.url, from, to);
  if (server.missing || server.more || !server.here) off.push("the server has not what is here");
  if (served.failed > 0) off.push(`${served.failed} questions of people had no answer`);
  const counts = Object.fromEntries(
    ["good", "bad", "skipped", "stored", "dropped"].map((what) => [what, sum(`readings_${what}_total`)]),
  );
  const faults = disk === undefined ? { ...told, diskFull: "needs root" } : told;
  console.log(
    JSON.stringify({
      minutes: Math.round((to - from) / MINUTE),
      faults,
      ...figures,
      ...counts,
      ...served,
      server,
      off,
    }),
  );
  return off.length === 0;
}

/** Until the servers have everything that was read by then. What `/metrics` says. */
async function drained({ metrics }: RunningGateway, to: number): Promise<string> {
  return eventually(
    async () => {
      // Right after it stood still it may find that a question has waited for too long (408): ask again.
      const text = await metrics().catch(() => "");
      if (text === "") return undefined;
      const pending = [...text.matchAll(/^vigie_follower_pending\{follower="(?:mqtt|influx)"\} (\d+)$/gm)];
      return pending.every(([, count]) => Number(count) < 1_000) && Date.now() > to + 10 * SECOND ? text : undefined;
    },
    5 * MINUTE,
    () => "the servers are back, and do not get what waits for them",
  );
}

/** Readings with a number in [from, to) of every point, as the page exports them, and those that the server lacks or has more. */
async function compared(url: string, server: string, from: number, to: number): Promise<Record<string, number>> {
  // What it has just been given is not in its answers at once.
  await fetch(`${server}/internal/force_flush`);
  await sleep(2 * SECOND);
  const found = { here: 0, missing: 0, more: 0 };
  for (const point of points) {
    const answer = await fetch(`${url}/api/v1/export?point=${point}&from=${from}&to=${to}&format=json`);
    const samples = (await answer.json()) as { t: number; value: number | null }[];
    const here = samples.filter(({ value }) => value !== null).map(({ t }) => t);
    const [machine, signal] = point.split("/");
    const match = `reading_value{site="${SITE}",machine="${machine}",signal="${signal}"}`;
    const asked = new URLSearchParams({ "match[]": match, start: `${from / 1_000}`, end: `${to / 1_000}` });
    const lines = (await (await fetch(`${server}/api/v1/export?${asked}`)).text()).split("\n").filter(Boolean);
    const there = lines
      .flatMap((line) => (JSON.parse(line) as { timestamps: number[] }).timestamps)
      .filter((t) => t >= from && t < to);
    const known = new Set(there);
    const missing = here.filter((t) => !known.has(t)).length;
    found.here += here.length;
    found.missing += missing;
    found.more += there.length - here.length + missing;
  }
  return found;
}
