import { faultCode } from "../core/fault.ts";
import type { Bucket, Historian, Sample } from "../core/history.ts";
import type { PointId } from "../core/point.ts";
import { type EpochMs, epochMs } from "../core/time.ts";
import type { Pot } from "./history/pots.ts";
import type { Names } from "./names.ts";
import type { ReaderAnswers, ReaderCall } from "./protocol.ts";
import type { Line } from "./rpc.ts";

const MOST_BUCKETS = 2_000;

/** The local history, answered by the reading thread. */
export function openHistorian(names: Names, reader: () => Promise<Line<ReaderCall, ReaderAnswers>>): Historian {
  return {
    async range(point, from, to, buckets) {
      if (!(to > from) || !(buckets >= 1))
        throw new RangeError("a range needs an end after its start, and at least one bucket");
      const count = Math.min(MOST_BUCKETS, Math.floor(buckets));
      const number = names.known("point", point);
      const pots = await (await reader()).ask({ call: "range", point: number ?? -1, from, to, buckets: count });
      return pots.map((pot) => bucketOf(pot, names));
    },
    samples: (point, from, to) => samples(point, from, to),
    async counted(point, from, to) {
      const number = names.known("point", point);
      return number === undefined ? null : (await reader()).ask({ call: "counted", point: number, from, to });
    },
  };

  async function* samples(point: PointId, from: EpochMs, to: EpochMs): AsyncIterable<Sample> {
    const number = names.known("point", point);
    if (number === undefined) return;
    const line = await reader();
    for (let at: number = from; at < to; ) {
      const { samples, next } = await line.ask({ call: "page", point: number, from: at, to });
      for (let i = 0; i < samples.t.length; i++) {
        const t = epochMs(samples.t[i] ?? 0);
        const state = samples.state[i] ?? 0;
        const value = (state & 3) === 2 ? null : (samples.value[i] ?? null);
        yield state === 0 ? { t, value } : { t, value, why: faultCode(names.text("fault", state >> 2) ?? "unknown") };
      }
      at = next;
    }
  }
}

function bucketOf(pot: Pot, names: Names): Bucket {
  const { count, bad } = pot;
  const why = pot.silence ?? mostFrequent(pot.whys, names);
  return {
    t: epochMs(Math.round(pot.t)),
    min: count > 0 ? pot.min : null,
    mean: count > 0 ? pot.sum / count : null,
    max: count > 0 ? pot.max : null,
    count,
    bad,
    ...(why !== undefined && { why: faultCode(why) }),
  };
}

function mostFrequent(whys: ReadonlyMap<number, number> | undefined, names: Names): string | undefined {
  let [found, most] = [undefined as number | undefined, 0];
  for (const [why, times] of whys ?? []) if (times > most) [found, most] = [why, times];
  return found === undefined ? undefined : names.text("fault", found);
}
