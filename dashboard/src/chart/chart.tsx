import { type Signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { AlarmAnswer, AlarmEventAnswer, HistoryAnswer } from "../../../gateway/core/api.ts";
import { gatewayNow } from "../clock.ts";
import { type LivePoint, pointSignal, tick } from "../live.ts";
import { paint } from "../theme.ts";
import { language, words } from "../words/index.ts";
import { GapList, Readout, Shares, summaryOf } from "./beside.tsx";
import { fetchWindow } from "./fetch.ts";
import { type Doing, doingOf, HOLD, troublesOf } from "./lanes.ts";
import { LANES, lanes } from "./lanes-paint.ts";
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
  /** What the machine's alarms did, over or not. */
  past: readonly AlarmEventAnswer[];
}

const HEIGHT = 320;

/** The history of one point: range and mean, gaps with their cause, limits, alarms, what the machine was doing, and where it is going. */
export function Chart({ point, window, comparison, alarms, past }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const width = useSignal(600);
  const pointed = useSignal<number | undefined>(undefined);
  const { answer, other, states, away } = useHistories(point, comparison, window, width);
  const columns = useComputed(() => drawn(answer.value, window.value, point.every));
  const doing = useComputed(() => doingOf(states.value?.buckets ?? [], Math.min(gatewayNow(), window.value.to)));
  const shown = useRef({ point, alarms, past, columns, doing, window });
  shown.current = { point, alarms, past, columns, doing, window };
  const above = pointSignal(`${point.machine}/state`) ? LANES : 0;
  const height = HEIGHT + above;

  const otherUnit = comparison && pointSignal(comparison.point)?.peek().unit;
  const options = (wide: number): uPlot.Options =>
    plotOptions(wide, height, {
      window: () => withFuture(window.peek(), overlayOf(shown.current).alarms),
      unit: point.unit,
      otherUnit: otherUnit === point.unit ? undefined : otherUnit,
      stepped: point.kind === "state",
      reach: () => reachOf(shown.current.columns.peek(), overlayOf(shown.current).alarms),
      plugins: [overlay(() => overlayOf(shown.current)), ...(above > 0 ? [lanes(() => lanesOf(shown.current))] : [])],
      above,
      pointed: (index) => {
        pointed.value = index;
      },
      select: (from, to) => {
        window.value = between(from, to, gatewayNow());
      },
    });
  const data = (): uPlot.AlignedData => {
    const main = columns.value;
    return [main.t, main.min, main.max, main.mean, lineOf(main, other.value, comparison, window.value.to, point.every)];
  };
  const redraw = usePlot({ place, width, height, window, options, data }, [point.id, otherUnit, above]);
  useSignalEffect(() => {
    // Read here, so that the strip is drawn anew when what the machine was doing is known.
    doing.value;
    redraw();
  });
  useEffect(redraw, [alarms, past.length]);

  return (
    <div class="chart">
      <Readout at={pointed} point={point} columns={columns.value} doing={doing.value} />
      <div
        ref={place}
        class="chart-canvas"
        role="img"
        aria-label={summaryOf(point, columns.value, doing.value, window.value)}
        onDblClick={() => {
          window.value = zoomed(window.peek(), 4, gatewayNow(), gatewayNow());
        }}
      />
      {answer.value && columns.value.t.length === 0 && <p class="chart-empty">{words.value.chart.noData}</p>}
      {away.value !== "" && (
        <p class="problem" role="status">
          {away.value}
        </p>
      )}
      {above > 0 && <Shares doing={doing.value} window={window.value} />}
      <GapList columns={columns.value} />
    </div>
  );
}

interface Plot {
  place: RefObject<HTMLDivElement | null>;
  width: Signal<number>;
  height: number;
  window: Signal<Window>;
  options: (wide: number) => uPlot.Options;
  data: () => uPlot.AlignedData;
}

/** The plot in its place and as wide as it: made anew when what it stands for changes. Answers what draws it. */
function usePlot({ place, width, height, window, options, data }: Plot, anew: readonly unknown[]): () => void {
  const plot = useRef<uPlot | undefined>(undefined);
  const redraw = (): void => {
    const drawn = data();
    plot.current?.setData(drawn);
  };
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(options(element.clientWidth), [[], [], [], [], []], element);
    plot.current = made;
    const stop = pointerMoves(made, window);
    const watch = new ResizeObserver(() => {
      width.value = element.clientWidth;
      made.setSize({ width: element.clientWidth, height });
    });
    watch.observe(element);
    redraw();
    return () => {
      watch.disconnect();
      stop();
      made.destroy();
      plot.current = undefined;
    };
  }, [...anew, paint.value, language.value]);
  return redraw;
}

/** The three pasts that a chart draws, kept filled: the point's own, what it is compared with, and what the machine was doing. */
function useHistories(
  { id, every, machine }: LivePoint,
  comparison: Comparison | undefined,
  window: Signal<Window>,
  width: Signal<number>,
) {
  const answer = useSignal<HistoryAnswer | null>(null);
  const other = useSignal<HistoryAnswer | null>(null);
  const states = useSignal<HistoryAnswer | null>(null);
  const away = useSignal("");
  useEffect(() => fetchWindow({ point: id, every, shift: 0 }, window, width, answer, away), [id]);
  useEffect(() => {
    other.value = null;
    return comparison && fetchWindow({ point: comparison.point, every, shift: comparison.shift }, window, width, other);
  }, [comparison?.point, comparison?.shift]);
  useEffect(() => {
    const state = `${machine}/state`;
    if (!pointSignal(state)) return;
    return fetchWindow({ point: state, every: 1_000, shift: 0, lead: HOLD, fine: true }, window, width, states);
  }, [machine]);
  return { answer, other, states, away };
}

const lineOf = (
  main: Columns,
  second: HistoryAnswer | null,
  comparison: Comparison | undefined,
  to: number,
  every: number,
): (number | null)[] =>
  second && comparison
    ? aligned(main.t, columnsOf(second, to, every, gatewayNow()), comparison.shift)
    : main.t.map(() => null);

const NOTHING: Columns = { t: [], min: [], max: [], mean: [], gaps: [] };

const drawn = (answer: HistoryAnswer | null, window: Window, every: number): Columns =>
  answer
    ? columnsOf(answer, window.live ? Number.POSITIVE_INFINITY : window.to, every, tick.peek() >= 0 ? gatewayNow() : 0)
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

interface Shown {
  point: LivePoint;
  alarms: readonly AlarmAnswer[];
  past: readonly AlarmEventAnswer[];
  columns: { peek(): Columns };
  doing: { peek(): readonly Doing[] };
  window: { peek(): Window };
}

/** On the line itself: only what is about this point. */
function overlayOf({ point, alarms, past, columns }: Shown) {
  const { t, mean, gaps } = columns.peek();
  const i = mean.findLastIndex((value) => value !== null);
  const value = mean[i];
  return {
    gaps,
    alarms: alarms.filter((alarm) => alarm.point === point.id),
    past: past.filter((event) => event.from === "normal" && event.alarm.point === point.id),
    unit: point.unit,
    newest: value === undefined || value === null ? undefined : { t: (t[i] ?? 0) * 1_000, value },
  };
}

/** In the strips above: everything about its machine. */
function lanesOf({ alarms, past, doing, window }: Shown) {
  const { from, to } = window.peek();
  return { doing: doing.peek(), troubles: troublesOf(past, alarms, from, Math.min(to, gatewayNow())) };
}
