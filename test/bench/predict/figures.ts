/** Measures that do not depend on a threshold, and the ones of the SKAB leader board. */

/** Area under the ROC curve; ties count half. */
export function auroc(scores: readonly number[], truth: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let [ranks, positives, from] = [0, 0, 0];
  while (from < order.length) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    for (const row of order.slice(from, to)) {
      if (!truth[row]) continue;
      ranks += (from + to + 1) / 2;
      positives++;
    }
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (truth.length - positives));
}

export function averagePrecision(scores: readonly number[], truth: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  let [hits, sum] = [0, 0];
  order.forEach((row, rank) => {
    if (!truth[row]) return;
    hits++;
    sum += hits / (rank + 1);
  });
  return sum / hits;
}

export interface Points {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
}

export const none = (): Points => ({ truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 });

export function count(into: Points, predicted: boolean, truth: boolean): void {
  if (predicted && truth) into.truePositives++;
  else if (predicted) into.falsePositives++;
  else if (truth) into.falseNegatives++;
  else into.trueNegatives++;
}

export const f1 = (p: Points): number =>
  (2 * p.truePositives) / (2 * p.truePositives + p.falsePositives + p.falseNegatives);
/** Share of healthy rows that were called anomalous. */
export const falseAlarms = (p: Points): number => p.falsePositives / (p.falsePositives + p.trueNegatives);
/** Share of anomalous rows that were missed. */
export const missed = (p: Points): number => p.falseNegatives / (p.falseNegatives + p.truePositives);

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
