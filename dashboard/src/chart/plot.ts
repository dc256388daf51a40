import uPlot from "uplot";
import { axisDecimals, clockShown, dateFormat, numberShown } from "../format.ts";
import { site } from "../live.ts";
import { token } from "../theme.ts";
import type { Window } from "./window.ts";

const DAY = 86_400;

interface Drawing {
  window: () => Window;
  unit: string;
  otherUnit: string | undefined;
  stepped: boolean;
  /** The lowest and highest that must be seen, limits included. */
  reach: () => [low: number, high: number] | undefined;
  plugins: uPlot.Plugin[];
  /** Room above the plot, for strips on the same time axis. */
  above: number;
  /** Which moment is under the pointer; undefined when none is. */
  pointed: (index: number | undefined) => void;
  select: (from: number, to: number) => void;
}

/** Everything that uPlot wants to know: colours from the tokens, times of the site, words of the language. */
export function plotOptions(width: number, height: number, drawing: Drawing): uPlot.Options {
  const ink = token("--ink-2");
  const grid = { stroke: token("--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: { show: false }, font: `13px ${token("--font")}`, gap: 6 };
  const zone = site.peek()?.timezone;
  const valueAxis = (scale: string, side: 1 | 3, unit: string): uPlot.Axis => ({
    ...axis,
    scale,
    side,
    size: (_, values) => Math.max(58, ...(values ?? []).map((value) => 12 + value.length * 8)),
    values: (_, splits, __, ___, step) => splits.map((value) => numberShown(value, unit, axisDecimals(step))),
    ...(side === 1 && { grid: { show: false } }),
  });
  return {
    width,
    height,
    ...(zone && { tzDate: (t: number) => uPlot.tzDate(new Date(t * 1_000), zone) }),
    padding: [10 + drawing.above, 20, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 8 }, y: false },
    scales: {
      x: { time: true, range: () => [drawing.window().from / 1_000, drawing.window().to / 1_000] },
      y: { range: (_, low, high) => roomy(low, high, drawing.reach()) },
      other: { range: (_, low, high) => roomy(low, high, undefined) },
    },
    axes: [
      { ...axis, space: 80, values: (_, splits, __, ___, step) => splits.map((t) => timeLabel(t, step)) },
      valueAxis("y", 3, drawing.unit),
      ...(drawing.otherUnit === undefined ? [] : [valueAxis("other", 1, drawing.otherUnit)]),
    ],
    series: seriesOf(drawing),
    bands: [{ series: [2, 1], fill: token("--line-1-fill") }],
    plugins: drawing.plugins,
    hooks: {
      setCursor: [(u) => drawing.pointed(u.cursor.idx ?? undefined)],
      setSelect: [
        (u) => {
          if (u.select.width < 8) return;
          drawing.select(
            u.posToVal(u.select.left, "x") * 1_000,
            u.posToVal(u.select.left + u.select.width, "x") * 1_000,
          );
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function seriesOf({ stepped, otherUnit }: Drawing): uPlot.Series[] {
  const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  const shape = { ...(paths && { paths }), points: { show: false }, spanGaps: false };
  return [
    {},
    { ...shape, width: 0, scale: "y" },
    { ...shape, width: 0, scale: "y" },
    { ...shape, stroke: token("--line-1"), width: 2, scale: "y" },
    { ...shape, stroke: token("--line-2"), width: 1.5, dash: [6, 4], scale: otherUnit === undefined ? "y" : "other" },
  ];
}

/** Some air above and below, and never so close that noise looks like a storm. */
function roomy(low: number | null, high: number | null, reach: [number, number] | undefined): [number, number] {
  let from = Math.min(low ?? Number.POSITIVE_INFINITY, reach?.[0] ?? Number.POSITIVE_INFINITY);
  let to = Math.max(high ?? Number.NEGATIVE_INFINITY, reach?.[1] ?? Number.NEGATIVE_INFINITY);
  if (!(from <= to)) [from, to] = [0, 1];
  const size = Math.max(to - from, Math.abs(to) * 0.02, 1e-6);
  const air = Math.max(size * 0.12, (size - (to - from)) / 2);
  // What starts at zero keeps zero on the axis instead of a little below.
  return [from >= 0 && from - air < 0 ? 0 : from - air, to + air];
}

function timeLabel(t: number, step: number): string {
  const at = t * 1_000;
  if (step >= 28 * DAY) return dateFormat({ month: "short", year: "2-digit" }).format(at);
  const midnight = clockShown(at) === "00:00";
  if (step >= DAY || midnight) return dateFormat({ day: "numeric", month: "short" }).format(at);
  return clockShown(at, step < 60);
}
