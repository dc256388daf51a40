import { agoShown } from "../format.ts";
import { ageOf, isStale, type LivePoint, tick } from "../live.ts";
import { words } from "../words/index.ts";

/** How old a value is and whether it can be believed: always there, and the only part of a value that changes every second. */
export function Ago({ point }: { point: LivePoint }) {
  const w = words.value;
  const now = tick.value >= 0 ? performance.now() : 0;
  const age = ageOf(point, now);
  if (age === null) return <span class="ago old">{w.quality.never}</span>;
  const old = isStale(point, now);
  return (
    <span class={old ? "ago old" : "ago"}>
      {old && point.value !== null ? `${w.quality.stale}, ` : ""}
      {agoShown(age)}
    </span>
  );
}
