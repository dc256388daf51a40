import type { HistoryAnswer } from "../../gateway/core/api.ts";
import { useAsked } from "./ask.ts";
import { gatewayNow } from "./clock.ts";
import { pointIds } from "./live.ts";
import type { Trend } from "./parts/health.tsx";

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** A change that a person should see: less is breathing. */
const NOTABLE = 4;

/** Where the health of a machine has gone in the last day, by its own recorded score; undefined while that is not known. */
export function useHealthTrend(machine: string): Trend | undefined {
  const point = `${machine}/health`;
  const now = Math.ceil(gatewayNow() / HOUR) * HOUR;
  const range = `from=${now - DAY}&to=${now}&buckets=24`;
  const known = pointIds.value.includes(point);
  const { answer } = useAsked<HistoryAnswer>(
    known ? `/history?point=${encodeURIComponent(point)}&${range}` : null,
    300_000,
  ).value;
  return answer ? trendOf(answer) : undefined;
}

export function trendOf({ buckets }: Pick<HistoryAnswer, "buckets">): Trend | undefined {
  const known = buckets.flatMap(({ mean }) => (mean === null ? [] : [mean]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < 2) return undefined;
  return last - first >= NOTABLE ? "rising" : first - last >= NOTABLE ? "falling" : "steady";
}
