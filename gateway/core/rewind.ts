import type { Entry, Log } from "./log.ts";

/**
 * The place behind which the newest `most` entries up to `until` stand. Not `until - most`: numbers leap by millions where a
 * run ended without warning.
 */
export function placeBefore<T>(log: Log<T>, until: number, most: number): number {
  const count = (after: number) => log.count?.(after, until) ?? until - after;
  let [low, high] = [0, Math.max(0, until - most)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (count(middle) >= most) low = middle;
    else high = middle - 1;
  }
  return low;
}

const AT_ONCE = 1_000;

/** The entries of a log from its newest to its oldest, or to the last of `most`. */
export async function* backwards<T>(
  log: Log<T>,
  { most = Number.POSITIVE_INFINITY, atOnce = AT_ONCE }: { most?: number; atOnce?: number } = {},
): AsyncGenerator<Entry<T>> {
  let { newest: end, oldest } = log.head();
  for (let left = most; end >= oldest && end > 0 && left > 0; left -= atOnce) {
    const start = placeBefore(log, end, Math.min(atOnce, left));
    const entries: Entry<T>[] = [];
    for (let at = start; at < end; at = entries.at(-1)?.seq ?? end) {
      const batch = await log.after(at, atOnce);
      if (batch.length === 0) break;
      entries.push(...batch);
    }
    yield* entries.filter(({ seq }) => seq <= end).reverse();
    end = start;
  }
}
