import type { Logger } from "pino";
import type { Burst } from "./core/burst.ts";
import type { Batch, Driver } from "./core/driver.ts";
import { Fault } from "./core/fault.ts";
import type { Log } from "./core/log.ts";
import type { Meters, Series } from "./core/meter.ts";
import { bad, type Reading } from "./core/reading.ts";
import { type Clock, type Ms, SECOND } from "./core/time.ts";

const BACK_OFF_FIRST: Ms = 1 * SECOND;
const BACK_OFF_LONGEST: Ms = 30 * SECOND;
/** A driver that ran this long was healthy: its next fall starts with the shortest pause again. */
const HEALTHY_AFTER: Ms = 60 * SECOND;

export interface Supervised {
  readonly id: string;
  readonly driver: Driver;
  state(): "running" | "restarting";
  /** Resolves when the driver has stopped after the signal. */
  readonly done: Promise<void>;
}

export interface SuperviseParts {
  readings: Log<Reading>;
  bursts: Log<Burst>;
  clock: Clock;
  meters: Meters;
  say: Logger;
  signal: AbortSignal;
}

/**
 * Runs one driver into the log and starts it again when it falls: the one retry place for drivers. The wire never waits for
 * the disk: batches are handed to the log and the next one is pulled at once; only `saved` waits for the commit.
 * While the driver is down its points go on, as bad readings at their usual pace.
 */
export function supervise(id: string, driver: Driver, parts: SuperviseParts): Supervised {
  let state: "running" | "restarting" = "running";
  const deliver = deliverer(id, parts);

  const forever = async (): Promise<void> => {
    let pause = BACK_OFF_FIRST;
    while (!parts.signal.aborted) {
      const started = parts.clock.monotonic();
      const why = await runOnce(driver, deliver, parts.signal);
      if (parts.signal.aborted) return;
      if (parts.clock.monotonic() - started > HEALTHY_AFTER) pause = BACK_OFF_FIRST;
      parts.meters.counter("driver_restarts_total", "Times a driver fell and was started again", {
        driver: id,
      }).value += 1;
      parts.say.warn(`${id}: driver stopped (${why}), trying again in ${Math.round(pause / SECOND)} s`);
      state = "restarting";
      await silence(driver, pause, deliver, parts);
      state = "running";
      pause = Math.min(pause * 2, BACK_OFF_LONGEST);
    }
  };

  return { id, driver, state: () => state, done: forever() };
}

/** Runs until the driver ends; says why it did. */
async function runOnce(driver: Driver, deliver: (batch: Batch) => void, signal: AbortSignal): Promise<string> {
  try {
    for await (const batch of driver.run(signal)) deliver(batch);
    return "it ended by itself";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The sound of a driver that is down: `bad, down` for each of its points when it would have been read. */
async function silence(
  driver: Driver,
  pause: Ms,
  deliver: (batch: Batch) => void,
  parts: SuperviseParts,
): Promise<void> {
  const { clock, meters, signal } = parts;
  const due = new Map(driver.points.map((point) => [point, clock.monotonic()]));
  const end = clock.monotonic() + pause;
  while (clock.monotonic() < end && !signal.aborted) {
    const now = clock.monotonic();
    const late = driver.points.filter((point) => (due.get(point) ?? 0) <= now);
    for (const point of late) {
      due.set(point, now + point.signal.every);
      meters.counter("readings_scheduled_total", SCHEDULED, { driver: point.driver }).value += 1;
    }
    if (late.length > 0) deliver({ readings: late.map((point) => bad(point.id, clock.now(), "down")) });
    const next = Math.min(end, ...due.values());
    await clock.sleep(Math.max(next - clock.monotonic(), 50), signal).catch(() => undefined);
  }
}

const SCHEDULED = "Readings that were due";

/** Hands batches to the log without waiting, counts them, and calls `saved` once they are on disk. */
function deliverer(id: string, { readings, bursts, meters, say }: SuperviseParts): (batch: Batch) => void {
  const good = meters.counter("readings_good_total", "Readings with a number", { driver: id });
  const none = meters.counter("readings_bad_total", "Readings that say why there is no number", { driver: id });
  const unsaved = meters.counter("batches_unsaved_total", "Batches that never reached the disk", { driver: id });
  return (batch) => {
    count(batch.readings, good, none);
    const writes = [
      batch.readings.length > 0 ? readings.append(batch.readings, batch.monotonic, batch.along) : undefined,
      batch.bursts && batch.bursts.length > 0 ? bursts.append(batch.bursts) : undefined,
    ];
    Promise.all(writes).then(
      () => batch.saved?.(),
      (error) => {
        unsaved.value += 1;
        if (!(error instanceof Fault)) say.error({ err: error }, `${id}: a batch could not be stored`);
      },
    );
  };
}

function count(readings: readonly Reading[], good: Series, none: Series): void {
  let silent = 0;
  for (const reading of readings) if (reading.quality === "bad") silent++;
  none.value += silent;
  good.value += readings.length - silent;
}
