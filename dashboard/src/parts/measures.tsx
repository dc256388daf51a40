import type { ReadonlySignal } from "@preact/signals";
import { numberShown, unitShown } from "../format.ts";
import { isStale, type LivePoint, tick } from "../live.ts";
import { titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { Ago } from "./age.tsx";

interface Props {
  points: readonly ReadonlySignal<LivePoint>[];
  shown: string | undefined;
  show: (point: string) => void;
}

/** Live values, each with its age and quality; touching one shows its history. */
export const Measures = ({ points, shown, show }: Props) => (
  <ul class="measures">
    {points.map((point) => (
      <Measure key={point.peek().id} point={point} chosen={point.peek().id === shown} show={show} />
    ))}
  </ul>
);

function Measure({
  point,
  chosen,
  show,
}: {
  point: ReadonlySignal<LivePoint>;
  chosen: boolean;
  show: (point: string) => void;
}) {
  const now = point.value;
  const w = words.value;
  const title = titleOf(now);
  const stale = tick.value >= 0 && isStale(now);
  const quality = now.age === null ? "never" : now.quality === "bad" ? "bad" : stale ? "stale" : now.quality;
  return (
    <li>
      <button
        type="button"
        class={`measure quality-${quality}`}
        aria-pressed={chosen}
        onClick={() => show(now.id)}
        title={w.machine.show(title)}
      >
        <span class="label">{title}</span>
        <span>
          <Value point={now} />
          <span class="measure-foot">
            {quality !== "good" && quality !== "stale" && quality !== "never" && <b>{w.quality[quality]}</b>}
            <Ago point={now} />
          </span>
        </span>
      </button>
    </li>
  );
}

function Value({ point }: { point: LivePoint }) {
  const w = words.value;
  if (point.value === null)
    return <strong class="gone">{point.why ? (w.fault[point.why] ?? w.fault.unknown) : w.quality.never}</strong>;
  const label = point.kind === "state" ? point.labels?.[point.value] : undefined;
  if (label) return <strong>{say(label)}</strong>;
  return (
    <strong>
      {numberShown(point.value, point.unit)}
      <small> {unitShown(point.unit)}</small>
    </strong>
  );
}
