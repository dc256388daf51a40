import { useEffect, useRef } from "preact/hooks";
import type { SpectrumAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { axisDecimals, momentShown, numberShown } from "../format.ts";
import { paint, token } from "../theme.ts";
import { words } from "../words/index.ts";
import { Waterfall } from "./waterfall.tsx";
import { useWidth } from "./width.ts";

const ROWS = 60;
const BINS = 256;
const HEIGHT = 260;
const ROW = 5;

/** The newest spectrum of a vibration sensor as a line, and the ones before it as a waterfall below. */
export function Spectrum({ point }: { point: string }) {
  const w = words.value.spectrum;
  const asked = useAsked<SpectrumAnswer[]>(
    `/spectra?point=${encodeURIComponent(point)}&limit=${ROWS}&bins=${BINS}`,
    10_000,
  ).value;
  const spectra = asked.answer ?? [];
  const newest = spectra[0];
  if (!newest) return null;
  const top = peakOf(newest);
  return (
    <section class="panel" aria-label={w.title}>
      <header class="panel-head">
        <h2>{w.title}</h2>
        <p class="note">
          {point} · {momentShown(newest.t)} · {w.peak(numberShown(top.hz, "Hz", 1), numberShown(top.g, "[g]", 3))}
          {newest.clipped && ` · ${w.clipped}`}
        </p>
      </header>
      <Drawing
        spectra={spectra}
        label={w.summary(numberShown(top.hz, "Hz", 1), numberShown(top.g, "[g]", 3), spectra.length)}
      />
      <Waterfall point={point} />
    </section>
  );
}

function peakOf({ amplitude, step }: SpectrumAnswer): { hz: number; g: number } {
  const g = Math.max(...amplitude);
  return { hz: amplitude.indexOf(g) * step, g };
}

function Drawing({ spectra, label }: { spectra: readonly SpectrumAnswer[]; label: string }) {
  const place = useRef<HTMLCanvasElement>(null);
  const width = useWidth(place);
  useEffect(() => {
    if (place.current) draw(place.current, spectra);
  }, [spectra, width.value, paint.value]);
  return <canvas ref={place} class="spectrum" role="img" aria-label={label} />;
}

function draw(canvas: HTMLCanvasElement, spectra: readonly SpectrumAnswer[]): void {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = HEIGHT + ROWS * ROW + 24;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const ink = canvas.getContext("2d");
  const newest = spectra[0];
  if (!ink || !newest) return;
  ink.scale(scale, scale);
  const highest = Math.max(...spectra.flatMap(({ amplitude }) => amplitude), 1e-6);
  const span = newest.step * newest.amplitude.length;
  drawAxis(ink, width, span);
  drawScale(ink, width, highest);
  ink.strokeStyle = token("--line-1");
  ink.lineWidth = 1.5;
  ink.beginPath();
  for (const [i, g] of newest.amplitude.entries())
    ink.lineTo((i / newest.amplitude.length) * width, levelOf(g, highest));
  ink.stroke();
  for (const [row, { amplitude }] of spectra.entries()) {
    const wide = width / amplitude.length;
    for (const [i, g] of amplitude.entries()) {
      // Loudness is heard, and seen, by its logarithm: three decades from the highest.
      const share = Math.max(0, 1 + Math.log10(Math.max(g / highest, 1e-3)) / 3);
      ink.globalAlpha = share ** 1.5;
      ink.fillStyle = token("--line-1");
      ink.fillRect(i * wide, HEIGHT + 24 + row * ROW, wide + 0.5, ROW);
    }
  }
  ink.globalAlpha = 1;
}

const levelOf = (g: number, highest: number): number => HEIGHT - (g / highest) * (HEIGHT - 12);

/** A few round amplitudes, written at the right, where a spectrum is lowest. */
function drawScale(ink: CanvasRenderingContext2D, width: number, highest: number): void {
  const decade = 10 ** Math.floor(Math.log10(highest));
  const step = ([0.2, 0.5, 1, 2].find((one) => highest / (one * decade) <= 5) ?? 5) * decade;
  ink.textAlign = "right";
  for (let g = step; g <= highest; g += step) {
    ink.beginPath();
    ink.moveTo(0, levelOf(g, highest));
    ink.lineTo(width, levelOf(g, highest));
    ink.stroke();
    ink.fillText(`${numberShown(g, "[g]", axisDecimals(step))} g`, width - 4, levelOf(g, highest) + 14);
  }
  ink.textAlign = "left";
}

function drawAxis(ink: CanvasRenderingContext2D, width: number, span: number): void {
  const step = [50, 100, 200, 500, 1_000, 2_000].find((one) => (one / span) * width > 70) ?? 5_000;
  ink.strokeStyle = token("--line");
  ink.fillStyle = token("--ink-2");
  ink.font = `12px ${token("--font")}`;
  for (let hz = 0; hz < span; hz += step) {
    const x = (hz / span) * width;
    ink.beginPath();
    ink.moveTo(x, 0);
    ink.lineTo(x, HEIGHT);
    ink.stroke();
    const said = `${numberShown(hz, "Hz", axisDecimals(step))} Hz`;
    if (x + 2 + ink.measureText(said).width <= width) ink.fillText(said, x + 2, HEIGHT + 16);
  }
}
