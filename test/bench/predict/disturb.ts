import { noise } from "../../noise.ts";

/** A recorded run, and which of its rows count. */
export interface Run {
  rows: number[][];
  truth: boolean[];
  judged: boolean[];
}

type Change = (run: Run, draw: () => number) => Run;

const only = ({ rows, truth, judged }: Run, keep: (i: number) => boolean): Run => ({
  rows: rows.filter((_, i) => keep(i)),
  truth: truth.filter((_, i) => keep(i)),
  judged: judged.filter((_, i) => keep(i)),
});

export const inFront = (front: number[][], { rows, truth, judged }: Run): Run => ({
  rows: [...front, ...rows],
  truth: [...front.map(() => false), ...truth],
  judged: [...front.map(() => false), ...judged],
});

/** What a run might have been as well: a figure that does not survive these hangs on chance. */
export const disturbances = {
  "data in front": (run, draw) => {
    const length = Math.floor(300 * draw());
    const at = Math.floor((400 - length) * draw());
    return inFront(run.rows.slice(at, at + length), run);
  },
  "later start": (run, draw) => {
    const from = Math.floor(150 * draw());
    return only(run, (i) => i >= from);
  },
  "noise added": (run, draw) => {
    const rough = noise(Math.floor(1e9 * draw()));
    const steps = (run.rows[0] ?? []).map((_, signal) => {
      const moved = run.rows.slice(1).map((row, i) => Math.abs((row[signal] ?? 0) - (run.rows[i]?.[signal] ?? 0)));
      return moved.reduce((a, b) => a + b, 0) / moved.length;
    });
    return { ...run, rows: run.rows.map((row) => row.map((v, signal) => v + 0.5 * (steps[signal] ?? 0) * rough())) };
  },
  "a tenth missing": (run, draw) => only(run, () => draw() > 0.1),
} satisfies Record<string, Change>;

/** The same run by a clock of another pace, where each reading is held until the next. */
export function paced({ rows, truth, judged }: Run, pace: number): Run {
  const at = Array.from({ length: Math.floor((rows.length - 1) * pace) }, (_, i) => Math.round(i / pace));
  return {
    rows: at.map((i) => rows[i] ?? []),
    truth: at.map((i) => truth[i] ?? false),
    judged: at.map((i) => judged[i] ?? false),
  };
}
