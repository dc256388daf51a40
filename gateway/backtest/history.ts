import { createCases } from "../alarms/case.ts";
import { type RuleEntry, rulesOf } from "../alarms/rule.ts";
import type { AlarmSettings } from "../alarms/settings.ts";
import { createWatch } from "../alarms/watch.ts";
import type { AlarmEvent } from "../core/alarm.ts";
import { HEARTBEAT } from "../core/detector.ts";
import type { Historian, Sample } from "../core/history.ts";
import type { Machine, Point } from "../core/point.ts";
import { bad, good, type Reading } from "../core/reading.ts";
import { type EpochMs, epochMs, MINUTE, type Ms, SECOND, steadyMs } from "../core/time.ts";
import type { DetectorPlugin, Site } from "../plugin.ts";

export interface Rehearsal {
  history: Historian;
  site: Site;
  machines: ReadonlyMap<string, Machine>;
  points: readonly Point[];
  plugins: ReadonlyMap<string, DetectorPlugin>;
  /** The rules to try; the default ones come along as they do in the gateway. */
  rules: readonly RuleEntry[];
  settings: AlarmSettings;
}

/** Between two beats of the past: ten times coarser than live, or a month would take an hour. */
const BEAT: Ms = 10 * SECOND;
const AWAY: Ms = MINUTE;

/** So many readings are played at a stretch: a millisecond or a few of work. */
const STRETCH = 64;

/** A stretch of the past that has been played: how far it is, and what was told on the way. */
export interface Played {
  readonly at: EpochMs;
  readonly readings: number;
  readonly told: readonly AlarmEvent[];
}

/**
 * What these rules would have said of [from, to): the stored readings go through the same pure core as live ones. Nothing
 * is stored and nobody is told. Alarms that begin, and those that rise from a hint to an alert.
 */
export async function* rehearse(parts: Rehearsal, from: EpochMs, to: EpochMs): AsyncIterable<AlarmEvent> {
  for await (const { told } of rehearsal(parts, from, to)) yield* told;
}

/** The same, stretch by stretch, for who must rest or give up between them. */
export async function* rehearsal(parts: Rehearsal, from: EpochMs, to: EpochMs): AsyncIterable<Played> {
  const { history, site, machines, points, plugins, rules, settings } = parts;
  const watch = createWatch({
    rules: rulesOf({ site, machines, points, plugins, rules, settings }),
    points,
    settings,
    cases: createCases(machines),
  });
  const out: AlarmEvent[] = [];
  const told = new Map<string, string>();
  let [seq, beat]: [number, number] = [0, from];
  const put = (item: Reading) =>
    watch.step({ seq: ++seq, boot: 1, steady: steadyMs(item.t - from), tq: "synced", item }, out);
  const news = () =>
    out.splice(0).filter(({ alarm }) => {
      const word = `${alarm.occurrence} ${alarm.level}`;
      if (!alarm.active || told.get(alarm.id) === word) return false;
      told.set(alarm.id, word);
      return true;
    });
  let [readings, at]: [number, EpochMs] = [0, from];
  for await (const reading of merged(points, history, from, to)) {
    // A stretch without any reading, not even a bad one, is a gateway that was off: no time passed for it.
    if (reading.t - beat > AWAY) beat = reading.t;
    for (; beat <= reading.t; beat += BEAT) put(good(HEARTBEAT, epochMs(beat), 1));
    put(reading);
    at = reading.t;
    if (++readings % STRETCH === 0) yield { at, readings, told: news() };
  }
  yield { at, readings, told: news() };
}

/** The samples of all points in the order of time. */
async function* merged(
  points: readonly Point[],
  history: Historian,
  from: EpochMs,
  to: EpochMs,
): AsyncIterable<Reading> {
  const streams = points.map((point) => ({
    point,
    samples: history.samples(point.id, from, to)[Symbol.asyncIterator](),
  }));
  const following = async (samples: AsyncIterator<Sample>): Promise<Sample | undefined> => {
    const { done, value } = await samples.next();
    return done ? undefined : value;
  };
  const heads = await Promise.all(
    streams.map(async (stream) => ({ ...stream, next: await following(stream.samples) })),
  );
  // With a hundred points a walk over the heads is cheaper than a heap, and readings of one poll stay together.
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) if (head.next && (!first?.next || head.next.t < first.next.t)) first = head;
    if (!first?.next) return;
    const { t, value, why } = first.next;
    yield value === null ? bad(first.point.id, t, why ?? "unknown") : good(first.point.id, t, value);
    first.next = await following(first.samples);
  }
}
