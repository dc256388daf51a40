import type uPlot from "uplot";
import type { MachineState } from "../../../gateway/core/detector.ts";
import { token } from "../theme.ts";
import { words } from "../words/index.ts";
import type { Doing, Trouble } from "./lanes.ts";

/** Room above the plot for two strips on the same time axis: what the machine was doing, and when something was wrong. */
export const LANES = 44;
const STATE = { top: 4, height: 18 };
const ALARM = { top: 27, height: 11 };

/** Soft colours with the full tone as a line below, and the word where it fits. */
const looks: Readonly<Record<MachineState, { fill: string; line: string }>> = {
  unknown: { fill: "--gap", line: "--gap-line" },
  off: { fill: "--silent-soft", line: "--silent" },
  idle: { fill: "--watch-soft", line: "--watch" },
  running: { fill: "--ok-soft", line: "--ok" },
  transient: { fill: "--sea-soft", line: "--sea" },
};

export function lanes(shown: () => { doing: readonly Doing[]; troubles: readonly Trouble[] }): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        const { doing, troubles } = shown();
        const scale = u.ctx.canvas.width / u.ctx.canvas.clientWidth || 1;
        u.ctx.save();
        u.ctx.font = `${12 * scale}px ${token("--font")}`;
        u.ctx.textBaseline = "middle";
        name(u, words.value.chart.doing, STATE, scale);
        name(u, words.value.chart.troubles, ALARM, scale);
        u.ctx.beginPath();
        u.ctx.rect(u.bbox.left, 0, u.bbox.width, u.bbox.top);
        u.ctx.clip();
        for (const one of doing) paintDoing(u, one, scale);
        u.ctx.fillStyle = token("--line");
        u.ctx.fillRect(u.bbox.left, (ALARM.top + ALARM.height / 2) * scale, u.bbox.width, scale);
        for (const one of troubles) paintTrouble(u, one, scale);
        u.ctx.restore();
      },
    },
  };
}

/** Beside its strip, in the room of the axis; left out where it would run into the edge. */
function name(u: uPlot, text: string, { top, height }: typeof STATE, scale: number): void {
  if (u.ctx.measureText(text).width > u.bbox.left - 6 * scale) return;
  u.ctx.fillStyle = token("--ink-2");
  u.ctx.textAlign = "right";
  u.ctx.fillText(text, u.bbox.left - 6 * scale, (top + height / 2) * scale);
}

function paintDoing(u: uPlot, { from, to, state, other, share }: Doing, scale: number): void {
  const left = u.valToPos(from / 1_000, "x", true);
  const width = Math.max(1, u.valToPos(to / 1_000, "x", true) - left);
  const [top, height] = [STATE.top * scale, STATE.height * scale];
  const level = other === undefined ? 1 : share;
  if (other !== undefined) strip(u, looks[other], left, top, width, height * (1 - level), scale);
  strip(u, looks[state], left, top + height * (1 - level), width, height * level, scale);
  const word = words.value.state[state];
  if (other !== undefined || u.ctx.measureText(word).width + 10 * scale > width) return;
  u.ctx.fillStyle = token("--ink");
  u.ctx.textAlign = "center";
  const [begin, end] = [Math.max(left, u.bbox.left), Math.min(left + width, u.bbox.left + u.bbox.width)];
  if (end - begin > u.ctx.measureText(word).width + 10 * scale)
    u.ctx.fillText(word, (begin + end) / 2, top + height / 2 - scale);
}

function strip(
  u: uPlot,
  { fill, line }: { fill: string; line: string },
  left: number,
  top: number,
  width: number,
  height: number,
  scale: number,
): void {
  u.ctx.fillStyle = token(fill);
  u.ctx.fillRect(left, top, width, height);
  u.ctx.fillStyle = token(line);
  u.ctx.fillRect(left, top + height - 3 * scale, width, Math.min(height, 3 * scale));
}

/** An alert is a full bar, what is to be watched a thinner one: never told by colour alone. */
function paintTrouble(u: uPlot, { from, to, level }: Trouble, scale: number): void {
  const left = u.valToPos(from / 1_000, "x", true);
  const width = Math.max(3 * scale, u.valToPos(to / 1_000, "x", true) - left);
  const high = (level === "alert" ? ALARM.height : ALARM.height / 2) * scale;
  u.ctx.fillStyle = token(level === "alert" ? "--alert" : "--watch");
  u.ctx.fillRect(left, ALARM.top * scale + (ALARM.height * scale - high) / 2, width, high);
}
