import { effect, type Signal } from "@preact/signals";
import type { HistoryAnswer } from "../../../gateway/core/api.ts";
import { gatewayNow } from "../clock.ts";
import { get, Refused } from "../http.ts";
import { tick } from "../live.ts";
import { language } from "../words/index.ts";
import { bucketsFor } from "./series.ts";
import { lastOf, type Window } from "./window.ts";

const SOONEST = 2_000;
const LATEST = 60_000;
/** What the gateway answers at most. */
const MOST = 1_900;

/**
 * Keeps `answer` filled with what `window` shows, as many buckets as fit the width. A window that follows the present moves on
 * and is asked again at the pace at which a pixel changes. `away` says why there is no past to show, for as long as there is
 * none. Returns how to stop.
 */
export function fetchWindow(
  what: { point: string; every: number; shift: number; lead?: number; fine?: true },
  window: Signal<Window>,
  width: Signal<number>,
  answer: Signal<HistoryAnswer | null>,
  away?: Signal<string>,
): () => void {
  let asking = new AbortController();
  let asked = 0;
  const ask = async ({ from, to }: Window, pixels: number): Promise<void> => {
    asking.abort();
    asking = new AbortController();
    asked = performance.now();
    const { signal } = asking;
    const buckets = bucketsFor(to - from, what.fine ? Number.POSITIVE_INFINITY : pixels, what.every, what.fine && MOST);
    const step = Math.max(1, Math.ceil((to - from) / buckets));
    // Whole steps, so that a moving window does not re-cut its buckets each time.
    const start = Math.floor((from - what.shift - (what.lead ?? 0)) / step) * step;
    const end = Math.ceil((to - what.shift) / step) * step;
    const range = `from=${start}&to=${end}&buckets=${Math.min(MOST, Math.round((end - start) / step))}&lang=${language.peek()}`;
    try {
      answer.value = await get<HistoryAnswer>(`/history?point=${encodeURIComponent(what.point)}&${range}`, signal);
      if (away) away.value = "";
    } catch (error) {
      if (away && error instanceof Refused && error.status === 503) away.value = error.message;
      // What is drawn stays drawn; the banner tells about a lost gateway.
    }
  };
  const stopAsking = effect(() => void ask(window.value, width.value));
  const stopMoving = tick.subscribe(() => {
    const shown = window.peek();
    const span = shown.to - shown.from;
    const pace = Math.min(LATEST, Math.max(SOONEST, span / width.peek()));
    if (shown.live && performance.now() - asked > pace) window.value = lastOf(span, gatewayNow());
  });
  return () => {
    stopAsking();
    stopMoving();
    asking.abort();
  };
}
