import type { Signal } from "@preact/signals";
import type uPlot from "uplot";
import { gatewayNow } from "../clock.ts";
import { moved, type Window, zoomed } from "./window.ts";

/** Wheel zooms where it points; a finger pans, two fingers zoom. The mouse drag that selects is uPlot's own. */
export function pointerMoves(plot: uPlot, window: Signal<Window>): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const time = (clientX: number): number =>
    plot.posToVal(clientX - plot.over.getBoundingClientRect().left, "x") * 1_000;
  plot.over.addEventListener(
    "wheel",
    (event) => {
      // Plain scrolling must scroll the page; a wheel over a chart zooms only with a modifier or sideways.
      if (!event.ctrlKey && !event.shiftKey && !event.metaKey) return;
      event.preventDefault();
      window.value = zoomed(
        window.peek(),
        event.deltaY > 0 || event.deltaX > 0 ? 1.25 : 0.8,
        time(event.clientX),
        gatewayNow(),
      );
    },
    { signal, passive: false },
  );
  let fingers: readonly number[] = [];
  const places = (event: TouchEvent): number[] => [...event.touches].map(({ clientX }) => clientX);
  plot.over.addEventListener(
    "touchstart",
    (event) => {
      fingers = places(event);
    },
    { signal, passive: true },
  );
  plot.over.addEventListener(
    "touchmove",
    (event) => {
      const now = places(event);
      const [a, b] = fingers;
      const [c, d] = now;
      const width = plot.over.clientWidth || 1;
      if (a !== undefined && c !== undefined && (b === undefined || d === undefined)) {
        window.value = moved(window.peek(), (a - c) / width, gatewayNow());
      } else if (a !== undefined && b !== undefined && c !== undefined && d !== undefined) {
        event.preventDefault();
        window.value = zoomed(
          window.peek(),
          Math.abs(a - b) / Math.max(20, Math.abs(c - d)),
          time((c + d) / 2),
          gatewayNow(),
        );
      }
      fingers = now;
    },
    { signal, passive: false },
  );
  return () => stop.abort();
}
