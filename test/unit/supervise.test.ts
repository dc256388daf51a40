import pino from "pino";
import { expect, test } from "vitest";
import type { Batch, Driver } from "../../gateway/core/driver.ts";
import { Fault } from "../../gateway/core/fault.ts";
import type { Log } from "../../gateway/core/log.ts";
import { Meters } from "../../gateway/core/meter.ts";
import type { Point } from "../../gateway/core/point.ts";
import { good, type Reading } from "../../gateway/core/reading.ts";
import { supervise } from "../../gateway/supervise.ts";
import { VirtualClock } from "../sim/clock.ts";

const point: Point = {
  id: "tour-2/power",
  machine: "tour-2",
  signal: { name: "power", unit: "W", kind: "gauge", every: 1_000 },
  driver: "ligne-1",
  device: "compteur",
};

/** The log's front door only: keeps what it was given; `append` stays pending until the test commits. */
function door() {
  const items: Reading[] = [];
  let commit = Promise.withResolvers<number>();
  const log = {
    append: (batch: readonly Reading[]) => {
      items.push(...batch);
      return commit.promise;
    },
  } as unknown as Log<Reading>;
  return {
    log,
    items,
    settle: (how: "stored" | "lost") => {
      if (how === "stored") commit.resolve(1);
      else commit.reject(new Fault("buffer_full", "ring full"));
      commit = Promise.withResolvers<number>();
    },
  };
}

function started(runOn: (clock: VirtualClock) => Driver["run"]) {
  const clock = new VirtualClock();
  const run = runOn(clock);
  const stop = new AbortController();
  const meters = new Meters();
  const { log, items, settle } = door();
  const lines: string[] = [];
  const say = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const bursts = { append: async () => 0 } as unknown as Log<never>;
  const running = supervise(
    "ligne-1",
    { points: [point], run },
    { readings: log, bursts, clock, meters, say, signal: stop.signal },
  );
  return { clock, stop, meters, items, settle, lines, running };
}

async function* once(batch: Batch, signal: AbortSignal): AsyncGenerator<Batch> {
  yield batch;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

test("a driver that falls is started again with growing pauses, and its points go on as bad readings", async () => {
  let starts = 0;
  const { clock, stop, items, lines, running, meters } = started(
    (clock) =>
      async function* () {
        starts++;
        yield { readings: [good(point.id, clock.now(), starts)] };
        throw new Fault("port", "no such port");
      },
  );
  await clock.advance(10_000);
  expect(starts).toBe(4);
  expect(lines).toEqual([1, 2, 4, 8].map((s) => `ligne-1: driver stopped (no such port), trying again in ${s} s`));
  const down = items.filter((r) => r.quality === "bad" && r.why === "down");
  expect(down.length).toBeGreaterThanOrEqual(9);
  expect(meters.sum("readings_good_total") + meters.sum("readings_bad_total")).toBe(items.length);
  stop.abort();
  await running.done;
});

test("the wire does not wait for the disk: the next batch is pulled while nothing is committed yet", async () => {
  let pulled = 0;
  const { clock, stop, items, running } = started(
    (clock) =>
      async function* (signal) {
        for (; pulled < 500; pulled++) yield { readings: [good(point.id, clock.now(), pulled)] };
        await clock.sleep(1e9, signal);
      },
  );
  await clock.advance(0);
  expect(items).toHaveLength(500);
  stop.abort();
  await running.done;
});

test("a source is told `saved` only after the commit, and never for a batch that was lost", async () => {
  for (const how of ["stored", "lost"] as const) {
    let saved = 0;
    const { clock, stop, settle, running, meters } = started(
      (clock) => (signal) => once({ readings: [good(point.id, clock.now(), 1)], saved: () => void saved++ }, signal),
    );
    await clock.advance(100);
    expect(saved).toBe(0);
    settle(how);
    await clock.advance(0);
    expect(saved).toBe(how === "stored" ? 1 : 0);
    expect(meters.sum("batches_unsaved_total")).toBe(how === "stored" ? 0 : 1);
    stop.abort();
    await running.done;
  }
});
