import {
  BUILT,
  type Clock,
  DAY,
  type EpochMs,
  epochMs,
  MINUTE,
  type Ms,
  type SteadyMs,
  steadyMs,
  type TimeQuality,
} from "../core/time.ts";
import type { Boot } from "./protocol.ts";

export type Evidence = "ntp" | "battery" | "none";

/** Longer than this no gateway has lain on a shelf: a clock that says so is wrong, or lied to. */
const LATEST: Ms = 5 * 365 * DAY;
/** Smaller differences are the drift that a time service corrects all the time. */
export const STEP: Ms = 250;
/** A reading this near to our own clock was stamped by it; another one brings the time of another machine. */
const OURS: Ms = 1_500;
/** A clock that was right does not become wrong by more than this. */
const BELIEVABLE: Ms = DAY;

export type Verdict =
  | { kind: "settled"; boot: Boot }
  | { kind: "back"; by: Ms }
  | { kind: "moved"; by: Ms }
  | { kind: "refused"; by: Ms };

/**
 * What time it is, believed rather than read. Order and durations come from `steady`; the wall clock is only believed while
 * something vouches for it. In a boot where nothing does, times are stamped as the clock stood at start plus monotonic
 * time, so that one shift puts them all right later. A step of a believed clock is not followed until it is vouched for,
 * and time that goes back begins a new boot number, so that no two readings ever share (boot, time).
 */
export class Keeper {
  quality: TimeQuality = "unsynced";
  #boot: Boot;
  readonly #clock: Clock;
  /** Wall minus monotonic time at the last look. */
  #offset: Ms;
  /** What the wall clock must be corrected by to get the believed time. */
  #correction: Ms = 0;
  #vouched: Evidence = "none";
  /** The newest step: readings stamped before it may arrive after it. */
  #step: { at: Ms; before: Ms } | undefined;
  /** What it has stepped by since somebody asked. */
  #stepped: Ms = 0;
  /** The newest time that is known to be true from earlier boots. */
  readonly #known: number;

  constructor(clock: Clock, boot: Boot, known: number) {
    this.#clock = clock;
    this.#boot = boot;
    this.#offset = boot.wall;
    this.#known = known;
  }

  get boot(): Boot {
    return this.#boot;
  }

  steady(monotonic: Ms = this.#clock.monotonic()): SteadyMs {
    return steadyMs(Math.round(monotonic + this.#boot.offset));
  }

  now(): EpochMs {
    this.look();
    return epochMs(Math.round(this.#clock.monotonic() + this.#offset + this.#correction));
  }

  /** Notices a step of the wall clock. True when there was one, and somebody should ask for evidence. */
  look(): boolean {
    const offset = this.#clock.now() - this.#clock.monotonic();
    const by = offset - this.#offset;
    if (Math.abs(by) > STEP) {
      this.#step = { at: this.#clock.monotonic(), before: this.#offset };
      this.#correction -= by;
      this.#stepped += by;
    }
    this.#offset = offset;
    return Math.abs(by) > STEP;
  }

  /** What the wall clock has stepped by since the last call. */
  stepped(): Ms {
    const by = this.#stepped;
    this.#stepped = 0;
    return by;
  }

  /** The believed time of a reading stamped `t` at `monotonic`; undefined for one that is not from our clock. */
  believe(t: EpochMs, monotonic: Ms): EpochMs | undefined {
    if (Math.abs(t - monotonic - this.#offset) <= OURS)
      return this.#correction === 0 ? t : epochMs(Math.round(t + this.#correction));
    const step = this.#step;
    if (step && monotonic - step.at < MINUTE && Math.abs(t - monotonic - step.before) <= OURS)
      return epochMs(Math.round(t + (this.#offset - step.before) + this.#correction));
    return undefined;
  }

  /** What vouches for the wall clock now. */
  hear(evidence: Evidence): Verdict | undefined {
    this.look();
    if (this.quality === "unsynced") return this.#first(evidence);
    this.quality = evidence === "ntp" ? "synced" : "holdover";
    const by = -this.#correction;
    const better = evidence === "ntp" && this.#vouched !== "ntp";
    const plausible = this.#clock.now() >= BUILT && (better || Math.abs(by) <= BELIEVABLE);
    if (by === 0 || evidence === "none") return undefined;
    if (!plausible) return { kind: "refused", by };
    this.#vouched = evidence;
    this.#correction = 0;
    return by < 0 ? { kind: "back", by } : { kind: "moved", by };
  }

  /** A person says what time it is. */
  set(now: EpochMs): Verdict | undefined {
    this.look();
    const by = now - this.now();
    this.#correction += by;
    if (this.quality === "unsynced") return this.#settle("holdover", by);
    return by < 0 ? { kind: "back", by } : { kind: "moved", by };
  }

  /** Begins another boot number within this run. */
  begin(boot: Boot): void {
    this.#boot = boot;
  }

  #first(evidence: Evidence): Verdict | undefined {
    const now = this.#clock.now();
    // A time service may say that we were wrong before; a battery that says so has run low.
    const late = this.#known > 0 && now > this.#known + LATEST;
    const early = now < BUILT || (evidence === "battery" && now < this.#known - DAY);
    if (evidence === "none" || early || late) return undefined;
    const shift = -this.#correction;
    this.#correction = 0;
    this.#vouched = evidence;
    return this.#settle(evidence === "ntp" ? "synced" : "holdover", shift);
  }

  #settle(quality: TimeQuality, shift: Ms): Verdict {
    this.quality = quality;
    this.#boot = { ...this.#boot, shift: Math.round(shift), tq: "holdover" };
    return { kind: "settled", boot: this.#boot };
  }
}

/**
 * Earlier boots that ended without anybody knowing the time, now that this one does. Where the machine has not restarted
 * since, monotonic time tells exactly; else only the interval between what came before and after is known, and the
 * readings are put at its beginning, where a stale clock has not put them within it already.
 */
export function placeEarlier(
  boots: readonly Boot[],
  spans: ReadonlyMap<number, { from: number; to: number }>,
  now: Boot,
  start: number,
): Boot[] {
  const placed: Boot[] = [];
  // What is certain bounds the truth; what is only estimated decides the place, so that boots keep their order.
  let [certain, estimated] = [0, 0];
  for (const boot of boots) {
    const span = spans.get(boot.boot);
    if (boot.boot >= now.boot || !span) continue;
    const next =
      boot.shift !== null
        ? boot
        : boot.kernel === now.kernel
          ? exact(boot, now)
          : within(boot, span, certain, estimated, start);
    if (next !== boot) placed.push(next);
    const end = span.to + (next === boot ? 0 : (next.shift ?? 0));
    estimated = Math.max(estimated, end);
    if (next.tq !== "bounded") certain = Math.max(certain, end);
  }
  return placed;
}

function exact(boot: Boot, now: Boot): Boot {
  return { ...boot, shift: now.wall + (now.shift ?? 0) - boot.wall, tq: "holdover" };
}

function within(
  boot: Boot,
  span: { from: number; to: number },
  certain: number,
  estimated: number,
  high: number,
): Boot {
  const fits = span.from >= estimated && span.to <= high;
  const shift = fits ? 0 : Math.min(estimated + 1_000, high - (span.to - span.from)) - span.from;
  return { ...boot, shift: Math.round(shift), tq: "bounded", bounds: [certain, high] };
}
