import { reason } from "./text.ts";

/** Milliseconds since 1970 UTC, as a wall clock tells them. May jump; never used to order or to measure. */
export type EpochMs = number & { readonly __unit: "ms since 1970 UTC" };

/** Milliseconds of monotonic time plus an offset per boot: never goes backwards, across boots neither. Rules, delays and ages use it. */
export type SteadyMs = number & { readonly __unit: "steady ms" };

/** A duration in milliseconds. */
export type Ms = number;

export const epochMs = (n: number): EpochMs => n as EpochMs;
export const steadyMs = (n: number): SteadyMs => n as SteadyMs;

/**
 * How far the wall time of an entry can be believed.
 * `synced`: a time source said so in this boot. `holdover`: it said so once, drift grows since.
 * `unsynced`: never in this boot so far. `bounded`: the boot ended without, only an interval is known.
 */
export type TimeQuality = "synced" | "holdover" | "unsynced" | "bounded";

/** The only way to learn the time or to wait. Production hands in the real one, tests a virtual one. */
export interface Clock {
  now(): EpochMs;
  /** Milliseconds since some moment in the past; stops for nothing, jumps never. */
  monotonic(): Ms;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: Ms, signal?: AbortSignal): Promise<void>;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A wall clock that says less has never been set: this program is younger. */
export const BUILT: EpochMs = epochMs(Date.UTC(2026, 0, 1));

const durationUnits: Readonly<Record<string, Ms>> = { ms: 1, s: SECOND, min: MINUTE, h: HOUR, d: DAY };

export const DURATION_REASON = reason({
  fr: "une durée, par exemple 500ms, 30s, 5min, 2h ou 7d",
  en: "a duration such as 500ms, 30s, 5min, 2h or 7d",
});

/** `250ms`, `1s`, `3 min`, `1.5h`, `7d` in milliseconds; undefined for anything else. */
export function parseDuration(written: string): Ms | undefined {
  const parts = /^(\d+(?:\.\d+)?)\s?(ms|s|min|h|d)$/.exec(written.trim());
  const unit = durationUnits[parts?.[2] ?? ""];
  return parts && unit ? Number(parts[1]) * unit : undefined;
}
