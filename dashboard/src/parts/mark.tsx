/**
 * How a thing is, by shape, so that nobody needs the colour: disc with a tick (well), triangle (watch), octagon (alert), dashed ring (silent).
 */
export type Tone = "ok" | "watch" | "alert" | "silent";

const shapes: Readonly<Record<Tone, { body: string; sign: string }>> = {
  ok: { body: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z", sign: "M7.500 12.500l3 3 6-6.500" },
  watch: { body: "M12 2.200 23 21.500H1L12 2.200Z", sign: "M12 9v6m0 2.800v.400" },
  alert: { body: "M8 1.500h8L22.500 8v8L16 22.500H8L1.500 16V8L8 1.500Z", sign: "M12 6.500V13m0 3.800v.400" },
  silent: { body: "M12 2.500a9.500 9.500 0 1 0 0 19 9.500 9.500 0 0 0 0-19Z", sign: "M8 8l8 8m0-8-8 8" },
};

export const Mark = ({ tone, size = 24 }: { tone: Tone; size?: number }) => (
  <svg class={`mark mark-${tone}`} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
    <path class="body" d={shapes[tone].body} />
    <path class="sign" d={shapes[tone].sign} />
  </svg>
);

/** What the machine is doing, by shape as well. */
const stateShapes: Readonly<Record<string, string>> = {
  running: "M6 4l14 8-14 8V4Z",
  idle: "M6 4h4.500v16H6V4Zm7.500 0H18v16h-4.500V4Z",
  off: "M5 5h14v14H5V5Z",
  transient: "M4 4l8 8-8 8V4Zm9 0 8 8-8 8V4Z",
  unknown: "M12 3.500l8.500 8.500-8.500 8.500L3.500 12 12 3.500Z",
};

export const StateShape = ({ state, size = 16 }: { state: string; size?: number }) => (
  <svg
    class={`state-shape state-${state}`}
    viewBox="0 0 24 24"
    width={size}
    height={size}
    aria-hidden="true"
    focusable="false"
  >
    <path d={stateShapes[state] ?? stateShapes.unknown} />
  </svg>
);
