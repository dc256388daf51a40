/** The stretch of time that a chart shows, epoch ms. `live`: it ends now and moves on by itself. */
export interface Window {
  from: number;
  to: number;
  live: boolean;
}

export const spans = {
  m10: 600_000,
  h1: 3_600_000,
  h8: 8 * 3_600_000,
  d1: 86_400_000,
  d7: 7 * 86_400_000,
  d30: 30 * 86_400_000,
  y1: 365 * 86_400_000,
} as const;

const SHORTEST = 10_000;
const LONGEST = 10 * spans.y1;

export const lastOf = (span: number, now: number): Window => ({ from: now - span, to: now, live: true });

/** Twice as close (`factor` 0.5) or as far (2), around a moment that stays where it is on the screen. */
export function zoomed(window: Window, factor: number, around: number, now: number): Window {
  const span = window.to - window.from;
  const wanted = Math.min(LONGEST, Math.max(SHORTEST, span * factor));
  // Following the present, the right edge stays on it.
  if (window.live) return lastOf(wanted, now);
  const share = (around - window.from) / span;
  return notBeyond({ from: around - wanted * share, to: around + wanted * (1 - share), live: false }, now);
}

/** Earlier (negative) or later by a share of what is shown. */
export function moved(window: Window, share: number, now: number): Window {
  const step = (window.to - window.from) * share;
  return notBeyond({ from: window.from + step, to: window.to + step, live: false }, now);
}

export const between = (a: number, b: number, now: number): Window => {
  const [from, to] = a < b ? [a, b] : [b, a];
  const missing = Math.max(0, SHORTEST - (to - from)) / 2;
  return notBeyond({ from: from - missing, to: to + missing, live: false }, now);
};

/** A chart pushed into the future comes back to follow the present. */
const notBeyond = (window: Window, now: number): Window =>
  window.to >= now ? lastOf(window.to - window.from, now) : window;
