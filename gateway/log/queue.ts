import type { Cell, Entry, Trimmed } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Clock, Ms, SteadyMs } from "../core/time.ts";
import type { Names } from "./names.ts";
import type { Codec } from "./pack.ts";
import type { Gap, LogName, Row } from "./protocol.ts";

/** What commits and tidying see of a log, whatever it holds. */
export interface Queue {
  readonly followers: ReadonlySet<string>;
  readonly waiting: number;
  readonly since: Ms | undefined;
  readonly next: number;
  reserved: number;
  lost: Gap[];
  take(): Row[];
  /** The cells that go with what `take` gave. */
  along(): readonly Cell[];
  done(): void;
  failed(): void;
  found(newest: number): void;
  wake(): void;
  count(after: number, until: number): number;
  head(): { newest: number; oldest: number };
  trimmed(oldest: number, damaged: readonly Gap[]): void;
}

/** What a log is made of. */
export interface JournalParts<T> {
  name: LogName;
  codec: Codec<T>;
  names: Names;
  clock: Clock;
  meters: Meters;
  /** Committed entries that stay in memory, and entries that may wait for a disk that does not take them. */
  keep: number;
  bound: number;
  newest: number;
  oldest: number;
  next: number;
  reserved: number;
  gaps: readonly Gap[];
  /** Looks at the clock, before items that came together are stamped. */
  look?(): void;
  /** Gives an item its place in time. */
  stamp(item: T, monotonic: Ms, seq: number): Entry<T>;
  steady(): SteadyMs;
  /** Puts the time of a stored entry right, where more is known now. */
  settle(entry: Entry<T>): Entry<T>;
  read(seq: number, limit: number): Promise<{ first: number; n: number; body: Uint8Array }[]>;
  tidy(): Promise<Trimmed>;
  /** There is work for a commit. */
  work(): void;
  degraded(): boolean;
}

/** When an entry was taken, where it says so. */
export function timeOf(entry: Entry<unknown>): number | null {
  const item = entry.item;
  return typeof item === "object" && item && "t" in item && typeof item.t === "number" ? item.t : null;
}
