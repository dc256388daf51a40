export interface Change {
  sign: "+" | "-";
  line: string;
  /** Line number in the text that has it, counted from 1. */
  at: number;
}

/** Beyond this the middle is shown as wholly replaced: a table of all pairs would stall the page. */
const MOST_PAIRS = 4_000_000;

/** Lines that were removed or added, in order, by the longest common subsequence of what differs. */
export function changedLines(before: string, after: string): Change[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = x.length * y.length > MOST_PAIRS ? undefined : lengths(x, y);
  const found: Change[] = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    const [left, right] = [x[i], y[j]];
    if (same && left !== undefined && left === right) {
      i++;
      j++;
    } else if (
      left !== undefined &&
      (right === undefined || !same || (same[i + 1]?.[j] ?? 0) >= (same[i]?.[j + 1] ?? 0))
    ) {
      found.push({ sign: "-", line: left, at: start + ++i });
    } else {
      found.push({ sign: "+", line: right ?? "", at: start + ++j });
    }
  }
  return found;
}

/** How long the common subsequence of the rests is, for every pair of places. */
function lengths(x: readonly string[], y: readonly string[]): number[][] {
  const table = Array.from({ length: x.length + 1 }, () => new Array<number>(y.length + 1).fill(0));
  for (let i = x.length - 1; i >= 0; i--) {
    const [row, below] = [table[i], table[i + 1]];
    if (!row || !below) continue;
    for (let j = y.length - 1; j >= 0; j--)
      row[j] = x[i] === y[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
  }
  return table;
}
