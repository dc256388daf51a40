import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { WaterfallAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { extentOf, risenMost } from "../chart/levels.ts";
import { gatewayNow } from "../clock.ts";
import { clockShown, dateFormat, numberShown } from "../format.ts";
import { tick } from "../live.ts";
import { paint, token } from "../theme.ts";
import { words } from "../words/index.ts";
import { Choice } from "./settings.tsx";
import { useWidth } from "./width.ts";

const spans = { d1: 86_400_000, d7: 7 * 86_400_000, d30: 30 * 86_400_000, y1: 365 * 86_400_000 } as const;
type Span = keyof typeof spans;
const names = Object.keys(spans) as Span[];

/** In seconds. */
const AGAIN = 600;
const EMPTY_AGAIN = 15;

const ROWS = 120;
const HEIGHT = 220;
const LEFT = 58;
const BELOW = 22;
/** A band that rose by less says nothing. */
const NOTABLE = 3;

/** A sensor's vibration by frequency band over days and weeks: a bearing that goes shows here as a stripe that darkens. */
export function Waterfall({ point }: { point: string }) {
  const w = words.value;
  const span = useSignal<Span>("d7");
  // Asked anew with every span, every ten minutes, and sooner while there is nothing yet: a sensor's first burst is worth seeing.
  const patience = useRef(EMPTY_AGAIN);
  const now = useMemo(() => gatewayNow(), [span.value, Math.floor(tick.value / patience.current)]);
  const path = `/waterfall?point=${encodeURIComponent(point)}&from=${now - spans[span.value]}&to=${now}&rows=${ROWS}`;
  const answer = useAsked<WaterfallAnswer>(path).value.answer;
  patience.current = answer && extentOf(answer) ? AGAIN : EMPTY_AGAIN;
  return (
    <div class="waterfall">
      <h3>{w.spectrum.waterfall}</h3>
      <Choice
        name={`waterfall ${point}`}
        label={w.chart.span}
        options={names.map((name) => [name, w.chart.spans[name]] as const)}
        chosen={span.value}
        choose={(name) => {
          span.value = name;
        }}
      />
      {answer && <Picture answer={answer} span={w.chart.spans[span.value]} />}
    </div>
  );
}

function Picture({ answer, span }: { answer: WaterfallAnswer; span: string }) {
  const w = words.value.spectrum;
  const place = useRef<HTMLCanvasElement>(null);
  const reach = extentOf(answer);
  const width = useWidth(place, reach === undefined);
  useEffect(() => {
    if (place.current && reach) draw(place.current, answer, reach);
  }, [answer, width.value, paint.value]);
  if (!reach) return <p class="note">{w.quiet}</p>;
  const risen = risenMost(answer);
  const said =
    risen && risen.by >= NOTABLE
      ? w.grown(`${numberShown(risen.band, "Hz", 0)}\u00a0Hz`, `+${numberShown(risen.by, "dB", 1)}`)
      : w.steady;
  return (
    <>
      <canvas ref={place} class="waterfall-canvas" role="img" aria-label={`${w.hours(span)}. ${said}`} />
      <p class="note">
        {w.hours(span)}, {w.scale(numberShown(reach[0], "dB", 0), numberShown(reach[1], "dB", 0))}. {said}
      </p>
    </>
  );
}

function draw(canvas: HTMLCanvasElement, { bands, rows }: WaterfallAnswer, [low, high]: [number, number]): void {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = width * scale;
  canvas.height = (HEIGHT + BELOW) * scale;
  const ink = canvas.getContext("2d");
  if (!ink) return;
  ink.scale(scale, scale);
  const [wide, tall] = [(width - LEFT) / rows.length, HEIGHT / bands.length];
  ink.fillStyle = token("--gap");
  ink.fillRect(LEFT, 0, width - LEFT, HEIGHT);
  ink.fillStyle = token("--line-1");
  for (const [column, { levels }] of rows.entries())
    for (const [row, level] of levels.entries()) {
      if (level === null) continue;
      const share = (level - low) / Math.max(1, high - low);
      ink.globalAlpha = Math.max(0.04, Math.min(1, share)) ** 1.3;
      ink.fillRect(LEFT + column * wide, HEIGHT - (row + 1) * tall, wide + 0.5, tall + 0.5);
    }
  ink.globalAlpha = 1;
  ink.fillStyle = token("--ink-2");
  ink.font = `12px ${token("--font")}`;
  ink.textAlign = "right";
  ink.textBaseline = "middle";
  for (const [row, band] of bands.entries())
    if (row % Math.ceil(18 / tall) === 0)
      ink.fillText(`${numberShown(band, "Hz", 0)} Hz`, LEFT - 6, HEIGHT - (row + 0.5) * tall);
  ink.textAlign = "left";
  const step = Math.max(1, Math.ceil(90 / wide));
  const long = (rows.at(-1)?.t ?? 0) - (rows[0]?.t ?? 0);
  let before = "";
  for (let column = 0; column < rows.length; column += step) {
    const t = rows[column]?.t ?? 0;
    const text = long > 2 * 86_400_000 ? dateFormat({ day: "numeric", month: "short" }).format(t) : clockShown(t);
    if (text === before) continue;
    before = text;
    if (LEFT + column * wide + ink.measureText(text).width < width)
      ink.fillText(text, LEFT + column * wide, HEIGHT + 12);
  }
}
