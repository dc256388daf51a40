/**
 * The scoring rule of the Numenta Anomaly Benchmark (v1.1): a window is worth what its earliest alert is worth, an alert
 * outside costs a tenth of a window, more than that nowhere near one. Beside the score we count what it hides: events.
 */
export interface Labelled {
  category: string;
  name: string;
  times: readonly number[];
  /** First and last row of each window. */
  windows: readonly (readonly [first: number, last: number])[];
}

export interface Scored {
  file: Labelled;
  scores: readonly number[];
}

export interface Profile {
  name: string;
  falsePositive: number;
  falseNegative: number;
}

export const profiles = [
  { name: "standard", falsePositive: 0.11, falseNegative: 1 },
  { name: "low FP", falsePositive: 0.22, falseNegative: 1 },
  { name: "low FN", falsePositive: 0.11, falseNegative: 2 },
] as const satisfies readonly Profile[];

export interface Verdict {
  /** 100: every window at its first row and nothing else; 0: never an alert. */
  score: number;
  hit: number;
  windows: number;
  /** Alerts outside windows, those at most twelve rows apart counted as one. */
  falseEvents: number;
  months: number;
}

const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);

/** NAB does not judge the first 15 % of a file, at most 750 rows. */
export const probation = (rows: number): number => Math.min(Math.floor(0.15 * rows), 750);

interface Row {
  score: number;
  /** What an alert here is worth (in a window) or costs (outside), before the profile's weight. */
  worth: number;
  window: number | undefined;
}

function rowsOf({ file, scores }: Scored): Row[] {
  const rows: Row[] = [];
  const start = probation(scores.length);
  let window = 0;
  for (let i = 0; i < scores.length; i++) {
    while ((file.windows[window]?.[1] ?? Infinity) < i) window++;
    const within = file.windows[window];
    const inside = within !== undefined && i >= within[0];
    const before = file.windows[window - 1];
    const worth = inside
      ? sigmoid(-(within[1] - i + 1) / (within[1] - within[0] + 1)) / sigmoid(-1)
      : before
        ? sigmoid((i - before[1]) / (before[1] - before[0]))
        : -1;
    if (i >= start) rows.push({ score: scores[i] ?? 0, worth, window: inside ? window : undefined });
  }
  return rows;
}

/** Score, hits and false events of all files at one threshold. */
export function judge(all: readonly Scored[], profile: Profile, threshold: number): Verdict {
  let [raw, hit, windows, falseEvents, months] = [0, 0, 0, 0, 0];
  for (const scored of all) {
    const best = new Map<number, number>();
    let lastFalse = -Infinity;
    rowsOf(scored).forEach(({ score, worth, window }, i) => {
      if (score < threshold) return;
      if (window !== undefined) {
        best.set(window, Math.max(best.get(window) ?? -Infinity, worth));
        return;
      }
      raw += profile.falsePositive * worth;
      if (i - lastFalse > 12) falseEvents++;
      lastFalse = i;
    });
    const judged = scored.file.windows.filter(([, last]) => last >= probation(scored.scores.length)).length;
    raw += [...best.values()].reduce((a, b) => a + b, 0) - profile.falseNegative * (judged - best.size);
    hit += best.size;
    windows += judged;
    const { times } = scored.file;
    months += ((times.at(-1) ?? 0) - (times[probation(times.length)] ?? 0)) / (30.44 * 86_400_000);
  }
  const worst = profile.falseNegative * windows;
  return { score: (100 * (raw + worst)) / (windows + worst), hit, windows, falseEvents, months };
}

/** The threshold with the best score on these files. */
export function bestThreshold(all: readonly Scored[], profile: Profile): number {
  const rows = all.flatMap((scored, file) =>
    rowsOf(scored).map((row) => ({ ...row, window: row.window === undefined ? undefined : `${file} ${row.window}` })),
  );
  rows.sort((a, b) => b.score - a.score);
  const best = new Map<string, number>();
  let [total, top, threshold] = [0, 0, 1.1];
  rows.forEach(({ score, worth, window }, i) => {
    if (window === undefined) total += profile.falsePositive * worth;
    else {
      const before = best.get(window) ?? -profile.falseNegative;
      if (worth > before) {
        total += worth - before;
        best.set(window, worth);
      }
    }
    if (rows[i + 1]?.score !== score && total > top + 1e-12) [top, threshold] = [total, score];
  });
  return threshold;
}

/** The honest figure: the threshold for a category is chosen on all the others. */
export function leaveOneOut(all: readonly Scored[], profile: Profile): Verdict {
  const categories = [...new Set(all.map(({ file }) => file.category))];
  const decided = categories.flatMap((category) => {
    const others = all.filter(({ file }) => file.category !== category);
    const threshold = bestThreshold(others, profile);
    const own = all.filter(({ file }) => file.category === category);
    return own.map(({ file, scores }) => ({ file, scores: scores.map((s) => (s >= threshold ? 1 : 0)) }));
  });
  return judge(decided, profile, 1);
}
