import { rmSync } from "node:fs";
import pino from "pino";
import { clock } from "../../../gateway/clock.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { type Figures, folder, open, round, rounded } from "./bench.ts";

const PER_SECOND = 10_000;
const SECONDS = 15;

/** CPU per reading of the whole store (main thread and writer) at 10,000 a second, with two followers that keep up. */
export async function rate(): Promise<Figures> {
  const where = folder();
  const { store, meters } = await open(where);
  const ending = new AbortController();
  const followers = ["a", "b"].map((name) =>
    follow(
      store.readings,
      { name, apply: async () => undefined },
      { cells: store.cells, clock, meters, say: pino({ level: "silent" }), signal: ending.signal },
    ),
  );
  let n = 0;
  const flood = async (seconds: number): Promise<number> => {
    const started = clock.monotonic();
    let sent = 0;
    while (clock.monotonic() - started < seconds * 1_000) {
      const due = ((clock.monotonic() - started) / 1_000) * PER_SECOND;
      for (; sent + 100 <= due; sent += 100) void store.readings.append(round(100, n++));
      await clock.sleep(10);
    }
    await store.readings.append(round(1, n));
    return sent;
  };
  // Starting, and compiling what runs hot, is not part of the figure.
  await flood(3);
  const cpu = process.cpuUsage();
  const sent = await flood(SECONDS);
  const took = process.cpuUsage(cpu);
  // What making the readings itself costs, to be taken off.
  const alone = process.cpuUsage();
  for (let i = 0; i < sent; i += 100) round(100, i);
  const making = process.cpuUsage(alone);
  ending.abort();
  await Promise.all(followers);
  await store.close();
  rmSync(where, { recursive: true });
  const us = (usage: NodeJS.CpuUsage) => (usage.user + usage.system) / sent;
  return {
    readings: sent,
    stored: meters.sum("readings_stored_total"),
    cpuUsPerReading: rounded(us(took) - us(making)),
    withMaking: rounded(us(took)),
  };
}
