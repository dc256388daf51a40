import type { Signal } from "@preact/signals";
import { momentShown, percentShown, valueShown } from "../format.ts";
import type { LivePoint } from "../live.ts";
import { causeShown, titleOf } from "../titles.ts";
import { words } from "../words/index.ts";
import { type Doing, sharesOf } from "./lanes.ts";
import { type Columns, extent } from "./series.ts";
import type { Window } from "./window.ts";

/** What is under the pointer, in words: the moment, the value, and what the machine was doing. */
export function Readout({
  at,
  point,
  columns,
  doing,
}: {
  at: Signal<number | undefined>;
  point: LivePoint;
  columns: Columns;
  doing: readonly Doing[];
}) {
  const i = at.value;
  const t = i === undefined ? undefined : columns.t[i];
  if (i === undefined || t === undefined) return <p class="readout" />;
  const [mean, min, max] = [columns.mean[i], columns.min[i], columns.max[i]];
  const known = mean !== null && mean !== undefined;
  const state = doing.find((one) => t * 1_000 >= one.from && t * 1_000 < one.to)?.state;
  const range = known && min !== max && typeof min === "number" && typeof max === "number";
  return (
    <p class="readout">
      {momentShown(t * 1_000)} <b>{known ? valueShown(mean, point.unit) : words.value.quality.bad}</b>
      {range && ` (${valueShown(min, point.unit)} – ${valueShown(max, point.unit)})`}
      {state && ` · ${words.value.state[state]}`}
    </p>
  );
}

/** How much of the time shown went into which state: the strip in figures. */
export function Shares({ doing, window: { from, to } }: { doing: readonly Doing[]; window: Window }) {
  const shares = sharesOf(doing, from, to);
  if (!shares) return null;
  return (
    <ul class="legend shares">
      {shares.map(({ state, share }) => (
        <li key={state} class={`state-${state}`}>
          {words.value.state[state]} {percentShown(share)}
        </li>
      ))}
    </ul>
  );
}

/** The chart for those who do not see it. */
export function summaryOf(point: LivePoint, columns: Columns, doing: readonly Doing[], { from, to }: Window): string {
  const w = words.value.chart;
  const found = extent(columns);
  const [start, end] = [momentShown(from), momentShown(to)];
  const line = found
    ? w.summary(titleOf(point), start, end, valueShown(found[0], point.unit), valueShown(found[1], point.unit))
    : w.summaryEmpty(titleOf(point), start, end);
  const states = (sharesOf(doing, from, to) ?? []).map(
    ({ state, share }) => `${words.value.state[state]} ${percentShown(share)}`,
  );
  return [line, states.join(", ")].filter(Boolean).join(" ");
}

const MOST_GAPS = 5;

export function GapList({ columns: { gaps } }: { columns: Columns }) {
  const w = words.value;
  if (gaps.length === 0) return null;
  const longest = [...gaps].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_GAPS);
  return (
    <div class="gap-list">
      <h3>{w.chart.gaps}</h3>
      <ul>
        {longest.map((gap) => (
          <li key={gap.from}>{w.chart.gap(momentShown(gap.from), momentShown(gap.to), causeShown(gap.why))}</li>
        ))}
        {gaps.length > MOST_GAPS && <li>{w.chart.more(gaps.length - MOST_GAPS)}</li>}
      </ul>
    </div>
  );
}
