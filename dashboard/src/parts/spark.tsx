import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { gatewayNow } from "../clock.ts";
import { type Step, TRAIL_SPAN, Trail } from "../trail.ts";

const WIDTH = 300;
const HEIGHT = 56;
/** A young gateway stretches the little that it knows. */
const SHORTEST_SPAN = 2 * 60_000;

/** The last half hour of a point as a line; holes stay holes. */
export function Spark({ point, label }: { point: string; label: string }) {
  const trail = useSignal<Trail | null>(null);
  useEffect(() => {
    const opened = new Trail(point);
    trail.value = opened;
    return () => opened.close();
  }, [point]);
  const { line, area } = sparkPaths(trail.value?.steps.value ?? [], gatewayNow());
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="area" d={area} />
      <path class="line" d={line} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

/** SVG paths of a trail that ends now. Runs of known values are lines, everything else is left blank. */
export function sparkPaths(steps: readonly Step[], now: number): { line: string; area: string } {
  const known = steps.flatMap(({ mean }) => (mean === null ? [] : [mean]));
  if (known.length === 0) return { line: "", area: "" };
  const low = Math.min(...known);
  const high = Math.max(...known);
  // A value that stands still must look still: noise is not blown up to the full height.
  const since = steps.find(({ mean }) => mean !== null)?.t ?? now;
  const span = Math.min(TRAIL_SPAN, Math.max(SHORTEST_SPAN, now - since));
  const room = Math.max(high - low, Math.abs(high) * 0.1, 1e-9);
  const middle = (high + low) / 2;
  const x = (t: number): number => WIDTH * (1 - (now - t) / span);
  const y = (value: number): number => HEIGHT / 2 - ((value - middle) / room) * (HEIGHT - 8);
  let line = "";
  let area = "";
  for (const run of runs(steps)) {
    const dots = run.map(({ t, mean }) => `${x(t).toFixed(1)} ${y(mean).toFixed(1)}`);
    const [first, last] = [run[0]?.t ?? now, run.at(-1)?.t ?? now];
    line += `M${dots.join("L")}${dots.length === 1 ? `h${(WIDTH / 90).toFixed(1)}` : ""}`;
    area += `M${x(first).toFixed(1)} ${HEIGHT}L${dots.join("L")}L${x(last).toFixed(1)} ${HEIGHT}Z`;
  }
  return { line, area };
}

function runs(steps: readonly Step[]): { t: number; mean: number }[][] {
  const found: { t: number; mean: number }[][] = [];
  let open: { t: number; mean: number }[] = [];
  for (const { t, mean } of steps) {
    if (mean === null) {
      if (open.length > 0) found.push(open);
      open = [];
    } else open.push({ t, mean });
  }
  return open.length > 0 ? [...found, open] : found;
}
