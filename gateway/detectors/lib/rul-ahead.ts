import { localTrend, type Trend } from "./kalman.ts";
import { type TimeToLimit, timeToLimit } from "./rul.ts";
import { spanOf, type Window } from "./rul-window.ts";

/** The blocks since an onset, and where they lead. */
export interface Course {
  run: readonly number[];
  heights: readonly number[];
  trend: Trend;
}

/** No trend is believed longer ahead than this many times what was seen of it. */
const HORIZON = 10;
/** The slope forgets what is older than about this many blocks. */
const MEMORY = 8;
/** Wear does not keep its pace: the slope ahead is known to no better than this share of itself. */
const UNSTEADY = 0.5;
/** Blocks that a slope needs at the least. */
const LEAST = 12;

/** The course since its onset. What lay before says nothing about its slope. */
export function courseSince(window: Window, heights: readonly number[], noise: number, onset: number): Course {
  const from = Math.max(0, Math.min(onset, heights.length - LEAST));
  const run = window.run.slice(from);
  const risen = heights.slice(from);
  return { run, heights: risen, trend: follow(run, risen, noise) };
}

const follow = (run: readonly number[], heights: readonly number[], noise: number): Trend => {
  const step = Math.max(1, spanOf(run) / Math.max(1, run.length - 1));
  return localTrend(
    run,
    heights,
    { observed: noise, level: (0.02 * noise) / step, slope: noise / MEMORY ** 4 / step ** 3 },
    (4 * Math.sqrt(noise)) / step,
  );
};

/** When the limit is reached, or null where that cannot be told. */
export function ahead(
  { run, heights, trend }: Course,
  noise: number,
  level: number,
  limit: number,
  share: number,
): TimeToLimit | null {
  const slopeVar = trend.slopeVar + (UNSTEADY * trend.slope) ** 2;
  const unsteady = { ...trend, level: Math.min(trend.level, level), slopeVar };
  const step = Math.max(1, spanOf(run) / (run.length - 1));
  const wander = Math.max(0.02 * noise, wandering(heights, noise)) / step;
  return timeToLimit(unsteady, limit, wander, HORIZON * spanOf(run), { share, lasted: Math.max(1, spanOf(run)) });
}

/** Variance that the level gains per block beyond noise and steady drift, from its steps over eight blocks. */
function wandering(heights: readonly number[], noise: number): number {
  const lag = Math.min(8, heights.length >> 1);
  if (lag === 0) return 0;
  let sum = 0;
  let squares = 0;
  const count = heights.length - lag;
  for (let i = 0; i < count; i++) {
    const step = (heights[i + lag] ?? 0) - (heights[i] ?? 0);
    sum += step;
    squares += step * step;
  }
  return Math.max(0, (squares - (sum * sum) / count) / count - 2 * noise) / lag;
}
