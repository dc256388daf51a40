import { type Signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { AlarmAnswer, AlarmEventAnswer, HistoryAnswer } from "../../../gateway/core/api.ts";
import { momentShown, valueShown } from "../format.ts";
import { type LivePoint, pointSignal, tick } from "../live.ts";
import { paint } from "../theme.ts";
import { causeShown, titleOf } from "../titles.ts";
import { language, words } from "../words/index.ts";
import { fetchWindow } from "./fetch.ts";
import { overlay } from "./paint.ts";
import { plotOptions } from "./plot.ts";
import { pointerMoves } from "./pointer.ts";
import { aligned, type Columns, columnsOf, extent } from "./series.ts";
import { between, type Window, zoomed } from "./window.ts";

/** A second line in the same chart: another point, or the same one a while ago. */
export interface Comparison {
  point: string;
  shift: number;
}

interface Props {
  point: LivePoint;
  window: Signal<Window>;
  comparison: Comparison | undefined;
  alarms: readonly AlarmAnswer[];
  /** Beginnings of alarms, over or not. */
  past: readonly AlarmEventAnswer[];
}

const HEIGHT = 320;

/** The history of one point: range and mean, gaps with their cause, limits, alarms, and where it is going. */
export function Chart({ point, window, comparison, alarms, past }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const answer = useSignal<HistoryAnswer | null>(null);
  const other = useSignal<HistoryAnswer | null>(null);
  const width = useSignal(600);
  const columns = useComputed(() => drawn(answer.value, window.value, point.every));
  const shown = useRef({ point, alarms, past, columns, window });
  shown.current = { point, alarms, past, columns, window };

  useEffect(() => fetchWindow({ point: point.id, every: point.every, shift: 0 }, window, width, answer), [point.id]);
  useEffect(() => {
    other.value = null;
    return (
      comparison &&
      fetchWindow({ point: comparison.point, every: point.every, shift: comparison.shift }, window, width, other)
    );
  }, [comparison?.point, comparison?.shift]);

  const otherUnit = comparison && pointSignal(comparison.point)?.peek().unit;
  const draw = (main: Columns, second: HistoryAnswer | null, to: number): void => {
    const line =
      second && comparison
        ? aligned(main.t, columnsOf(second, to, point.every, Date.now()), comparison.shift)
        : main.t.map(() => null);
    plot.current?.setData([main.t, main.min, main.max, main.mean, line]);
  };
  const redraw = (): void => draw(columns.peek(), other.peek(), window.peek().to);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(
      plotOptions(element.clientWidth, HEIGHT, {
        window: () => withFuture(window.peek(), shown.current.alarms),
        unit: point.unit,
        otherUnit: otherUnit === point.unit ? undefined : otherUnit,
        stepped: point.kind === "state",
        reach: () => reachOf(shown.current.columns.peek(), shown.current.alarms),
        plugins: [overlay(() => overlayOf(shown.current))],
        select: (from, to) => {
          window.value = between(from, to, Date.now());
        },
      }),
      [[], [], [], [], []],
      element,
    );
    plot.current = made;
    const stop = pointerMoves(made, window);
    const watch = new ResizeObserver(() => {
      width.value = element.clientWidth;
      made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    watch.observe(element);
    redraw();
    return () => {
      watch.disconnect();
      stop();
      made.destroy();
      plot.current = undefined;
    };
  }, [point.id, otherUnit, paint.value, language.value]);
  useSignalEffect(() => draw(columns.value, other.value, window.value.to));
  useEffect(redraw, [alarms, past.length]);

  return (
    <div class="chart">
      <div
        ref={place}
        class="chart-canvas"
        role="img"
        aria-label={summaryOf(point, columns.value, window.value)}
        onDblClick={() => {
          window.value = zoomed(window.peek(), 4, Date.now(), Date.now());
        }}
      />
      {answer.value && columns.value.t.length === 0 && <p class="chart-empty">{words.value.chart.noData}</p>}
      <GapList columns={columns.value} />
    </div>
  );
}

const NOTHING: Columns = { t: [], min: [], max: [], mean: [], gaps: [] };

const drawn = (answer: HistoryAnswer | null, window: Window, every: number): Columns =>
  answer
    ? columnsOf(answer, window.live ? Number.POSITIVE_INFINITY : window.to, every, tick.peek() >= 0 ? Date.now() : 0)
    : NOTHING;

/** A chart of the present makes room for where the value is going, within reason. */
function withFuture(window: Window, alarms: readonly AlarmAnswer[]): Window {
  if (!window.live) return window;
  const furthest = Math.max(window.to, ...alarms.map(({ forecast }) => forecast?.high ?? 0));
  return {
    ...window,
    to: Math.min(furthest + (furthest - window.to) * 0.08, window.to + 1.5 * (window.to - window.from)),
  };
}

/** Limits are shown when they are near enough that the line stays readable, and always when a forecast leads there. */
function reachOf(columns: Columns, alarms: readonly AlarmAnswer[]): [number, number] | undefined {
  const found = extent(columns);
  if (!found) return undefined;
  let [low, high] = found;
  const near = Math.max(high - low, Math.abs(high) * 0.5);
  for (const { limit, forecast } of alarms) {
    if (limit === undefined || (!forecast && (limit > high + near || limit < low - near))) continue;
    low = Math.min(low, limit);
    high = Math.max(high, limit);
  }
  return [low, high];
}

function overlayOf({
  point,
  alarms,
  past,
  columns,
}: {
  point: LivePoint;
  alarms: readonly AlarmAnswer[];
  past: readonly AlarmEventAnswer[];
  columns: { peek(): Columns };
}) {
  const { t, mean, gaps } = columns.peek();
  const i = mean.findLastIndex((value) => value !== null);
  const value = mean[i];
  return {
    gaps,
    alarms,
    past,
    unit: point.unit,
    newest: value === undefined || value === null ? undefined : { t: (t[i] ?? 0) * 1_000, value },
  };
}

function summaryOf(point: LivePoint, columns: Columns, { from, to }: Window): string {
  const w = words.value.chart;
  const found = extent(columns);
  const [start, end] = [momentShown(from), momentShown(to)];
  if (!found) return w.summaryEmpty(titleOf(point), start, end);
  return w.summary(titleOf(point), start, end, valueShown(found[0], point.unit), valueShown(found[1], point.unit));
}

const MOST_GAPS = 5;

function GapList({ columns: { gaps } }: { columns: Columns }) {
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
