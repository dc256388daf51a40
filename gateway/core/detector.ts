import type { Burst } from "./burst.ts";
import type { Entry } from "./log.ts";
import type { PointId } from "./point.ts";
import type { Reading } from "./reading.ts";
import type { Text } from "./text.ts";
import type { EpochMs, Ms, SteadyMs } from "./time.ts";

/** `watch` shows on the board only; `alert` sends somebody to the machine. */
export type Level = "watch" | "alert";

/** When the limit is reached: the median and an 80 % interval. */
export interface Forecast {
  readonly at: EpochMs;
  readonly low: EpochMs;
  readonly high: EpochMs;
}

/** What a detector has to say: the condition holds from this entry on (`active`), or holds no longer. */
export interface Finding {
  readonly active: boolean;
  readonly level: Level;
  /** How sure, 0 … 1. */
  readonly score: number;
  readonly text: Text;
  /** The point it is about, where a rule watches several. */
  readonly point?: PointId;
  readonly value?: number;
  readonly limit?: number;
  /** The part that it points at (`bearing`, `filter`, `sensor`). */
  readonly part?: string;
  /** Since when, where that differs from now. */
  readonly onset?: EpochMs;
  /** `null`: there is a trend, but the date cannot be told yet. */
  readonly forecast?: Forecast | null;
  /** The long form, where `text` is one line. */
  readonly details?: Text;
  /** What to look at first. */
  readonly checks?: readonly Text[];
  /** What speaks for it. */
  readonly evidence?: readonly Text[];
  /** Set by `sensor-fault`: findings about the machine from this point count for nothing meanwhile. */
  readonly silences?: PointId;
}

/** What the machine is doing, learned from its power, current or vibration. */
export type MachineState = "unknown" | "off" | "idle" | "running" | "transient";

/** What surrounds an entry: the state of its machine, computed once for all detectors. */
export interface Surroundings {
  readonly state: MachineState;
  /** When that state began. */
  readonly since: SteadyMs;
}

/** A finding, or none. `state` is what the next step gets. */
export interface Step<S> {
  readonly state: S;
  readonly finding?: Finding;
}

/** Time looked on, of the time that it takes. */
export interface Learning {
  readonly seen: Ms;
  readonly needed: Ms;
}

/**
 * A reducer: no clock, no I/O, plain JSON state. Durations come from entry.steady, calendars from item.t. So it can be
 * replayed, back-tested, saved and property-tested. The state is handed over: `step` may change the object it was given
 * and return it, and the caller keeps no other reference. Entries are frozen.
 *
 * Entries of `gateway/heartbeat` (once a second, through the log) reach every detector: they are the only tick there is.
 */
export interface Detector<S = unknown> {
  readonly inputs: readonly PointId[];
  readonly initial: S;
  step(state: S, entry: Entry<Reading>, around: Surroundings): Step<S>;
  /** How unusual the newest reading was, 0 … 1, whether or not that was worth a finding: for back-tests and charts. */
  score?(state: S): number;
  /** How far it is with looking on before it says anything ("learning, 3 of 7 days"); null once it has learned. */
  learning?(state: S): Learning | null;
  /** For detectors that look at raw vibration of their inputs. */
  burst?(state: S, entry: Entry<Burst>, around: Surroundings): Step<S>;
}

export const HEARTBEAT: PointId = "gateway/heartbeat";
