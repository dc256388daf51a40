import type uPlot from "uplot";
import type { AlarmAnswer, AlarmEventAnswer } from "../../../gateway/core/api.ts";
import { clockShown, valueShown } from "../format.ts";
import { token } from "../theme.ts";
import { causeShown } from "../titles.ts";
import { words } from "../words/index.ts";
import type { Gap } from "./series.ts";

/** What a chart shows beside its lines. */
export interface Overlay {
  gaps: readonly Gap[];
  alarms: readonly AlarmAnswer[];
  past: readonly AlarmEventAnswer[];
  unit: string;
  /** The newest number, where a forecast line begins. */
  newest: { t: number; value: number } | undefined;
}

const font = (u: uPlot, size = 12): string => `${size * ratio(u)}px ${token("--font")}`;
const ratio = (u: uPlot): number => u.ctx.canvas.width / u.ctx.canvas.clientWidth || 1;

/** Draws gaps as hatched stretches with their cause, limits, alarms and forecasts. */
export function overlay(shown: () => Overlay): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (u) => clipped(u, () => paintGaps(u, shown().gaps)),
      // Above the grid, whose lines would strike the words through.
      drawAxes: (u) => clipped(u, () => labelGaps(u, shown().gaps)),
      draw: (u) =>
        clipped(u, () => {
          const { alarms, past, unit, newest } = shown();
          for (const { t, alarm } of past) paintFlag(u, t, alarm);
          for (const alarm of alarms) paintAlarm(u, alarm, unit);
          for (const alarm of alarms) paintForecast(u, alarm, newest);
        }),
    },
  };
}

function clipped(u: uPlot, paint: () => void): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  paint();
  u.ctx.restore();
}

const x = (u: uPlot, t: number): number => u.valToPos(t / 1_000, "x", true);
const y = (u: uPlot, value: number): number => u.valToPos(value, "y", true);

function paintGaps(u: uPlot, gaps: readonly Gap[]): void {
  const { top, height } = u.bbox;
  const step = 9 * ratio(u);
  for (const gap of gaps) {
    const left = x(u, gap.from);
    const width = Math.max(2 * ratio(u), x(u, gap.to) - left);
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left, top, width, height);
    u.ctx.clip();
    u.ctx.fillStyle = token("--gap");
    u.ctx.fill();
    u.ctx.strokeStyle = token("--gap-line");
    u.ctx.lineWidth = ratio(u);
    u.ctx.beginPath();
    for (let at = left - height; at < left + width; at += step) {
      u.ctx.moveTo(at, top + height);
      u.ctx.lineTo(at + height, top);
    }
    u.ctx.stroke();
    u.ctx.restore();
  }
}

function labelGaps(u: uPlot, gaps: readonly Gap[]): void {
  for (const { from, to, why } of gaps) {
    const left = x(u, from);
    label(u, causeShown(why), left, Math.max(2 * ratio(u), x(u, to) - left));
  }
}

/** The cause, written in the gap where it fits: across, else upright, else only in the list below the chart. */
function label(u: uPlot, text: string, left: number, width: number): void {
  const { top, height } = u.bbox;
  u.ctx.font = font(u);
  const long = u.ctx.measureText(text).width + 12 * ratio(u);
  if (long > width && (long > height || width < 18 * ratio(u))) return;
  u.ctx.save();
  u.ctx.translate(left + width / 2, top + height / 2);
  if (long > width) u.ctx.rotate(-Math.PI / 2);
  u.ctx.fillStyle = token("--gap-plate");
  u.ctx.fillRect(-long / 2, -10 * ratio(u), long, 20 * ratio(u));
  u.ctx.fillStyle = token("--ink-2");
  u.ctx.textAlign = "center";
  u.ctx.textBaseline = "middle";
  u.ctx.fillText(text, 0, 0);
  u.ctx.restore();
}

/** Where an alarm began. */
function paintFlag(u: uPlot, t: number, { level }: AlarmAnswer): void {
  const { top } = u.bbox;
  const scale = ratio(u);
  const at = x(u, t);
  u.ctx.fillStyle = token(level === "alert" ? "--alert" : "--watch");
  u.ctx.fillRect(at - 0.75 * scale, top, 1.5 * scale, 22 * scale);
  u.ctx.beginPath();
  u.ctx.moveTo(at, top);
  u.ctx.lineTo(at + 11 * scale, top + 6 * scale);
  u.ctx.lineTo(at, top + 12 * scale);
  u.ctx.fill();
}

/** The limit as a dashed line, and a line where it began. */
function paintAlarm(u: uPlot, alarm: AlarmAnswer, unit: string): void {
  const { left, top, width, height } = u.bbox;
  const scale = ratio(u);
  const colour = token(alarm.level === "alert" ? "--alert" : "--watch");
  paintFlag(u, alarm.since, alarm);
  u.ctx.strokeStyle = colour;
  u.ctx.fillStyle = colour;
  u.ctx.lineWidth = 1.5 * scale;
  const since = x(u, alarm.since);
  u.ctx.beginPath();
  u.ctx.moveTo(since, top);
  u.ctx.lineTo(since, top + height);
  u.ctx.stroke();
  if (alarm.limit === undefined) return;
  u.ctx.setLineDash([7 * scale, 5 * scale]);
  u.ctx.beginPath();
  u.ctx.moveTo(left, y(u, alarm.limit));
  u.ctx.lineTo(left + width, y(u, alarm.limit));
  u.ctx.stroke();
  u.ctx.setLineDash([]);
  u.ctx.font = font(u);
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "bottom";
  u.ctx.fillText(
    words.value.chart.limit(valueShown(alarm.limit, unit)),
    left + 6 * scale,
    y(u, alarm.limit) - 3 * scale,
  );
}

/** When the limit will be reached: the likely path, and the 80 % interval as a band that ends in a bar on the limit. */
function paintForecast(u: uPlot, { forecast, limit }: AlarmAnswer, newest: Overlay["newest"]): void {
  if (!forecast || limit === undefined || !newest) return;
  const scale = ratio(u);
  const level = y(u, limit);
  const [low, at, high] = [x(u, forecast.low), x(u, forecast.at), x(u, forecast.high)];
  const start = [x(u, newest.t), y(u, newest.value)] as const;
  u.ctx.fillStyle = token("--forecast-fill");
  u.ctx.beginPath();
  u.ctx.moveTo(...start);
  u.ctx.lineTo(low, level);
  u.ctx.lineTo(high, level);
  u.ctx.fill();
  u.ctx.strokeStyle = token("--forecast");
  u.ctx.lineWidth = 2 * scale;
  u.ctx.setLineDash([3 * scale, 4 * scale]);
  u.ctx.beginPath();
  u.ctx.moveTo(...start);
  u.ctx.lineTo(at, level);
  u.ctx.stroke();
  u.ctx.setLineDash([]);
  u.ctx.lineWidth = 5 * scale;
  u.ctx.beginPath();
  u.ctx.moveTo(low, level);
  u.ctx.lineTo(high, level);
  u.ctx.stroke();
  diamond(u, at, level, 6 * scale);
  u.ctx.font = font(u);
  const text = `${words.value.chart.forecastShort} ${clockShown(forecast.at)}`;
  u.ctx.textAlign = at + u.ctx.measureText(text).width / 2 > u.bbox.left + u.bbox.width ? "right" : "center";
  u.ctx.textBaseline = "top";
  u.ctx.fillText(text, u.ctx.textAlign === "right" ? u.bbox.left + u.bbox.width - 4 * scale : at, level + 9 * scale);
}

function diamond(u: uPlot, atX: number, atY: number, size: number): void {
  u.ctx.fillStyle = token("--forecast");
  u.ctx.beginPath();
  u.ctx.moveTo(atX, atY - size);
  u.ctx.lineTo(atX + size, atY);
  u.ctx.lineTo(atX, atY + size);
  u.ctx.lineTo(atX - size, atY);
  u.ctx.fill();
}
