import type { AlarmEvent } from "./alarm.ts";
import type { Ms, SteadyMs, TimeQuality } from "./time.ts";

/** One item with its place. (boot, seq) orders everything; seq never restarts and is never reused. */
export interface Entry<T> {
  readonly seq: number;
  readonly boot: number;
  readonly steady: SteadyMs;
  readonly tq: TimeQuality;
  /** True while the disk is broken: followers see it, nothing has been saved yet. */
  readonly volatile?: true;
  readonly item: T;
}

/** Rows that retention or a full disk removed before a follower had them, by reason. */
export interface Trimmed {
  removed: number;
  /** Removed though the named follower had not seen them. */
  purged: Readonly<Record<string, number>>;
}

/**
 * Outbox, queue and replay source in one. Followers read it at their own pace and keep their own place in it.
 * `append` resolves once the items are on disk (fsynced), with the seq of the last one. `monotonic`: the `Clock.monotonic`
 * of each item, where it was taken earlier than now. `along`: cells that are on disk with the last of them, or not at all.
 */
export interface Log<T> {
  append(items: readonly T[], monotonic?: readonly Ms[], along?: readonly Cell[]): Promise<number>;
  /** Entries with seq greater than `seq`, in order, at most `limit`. Served from memory to whoever keeps up. */
  after(seq: number, limit: number): Promise<readonly Entry<T>[]>;
  /** Resolves at the next append, or when the signal aborts. */
  grown(signal?: AbortSignal): Promise<void>;
  /** The newest seq and the oldest one still there; both 0 while empty. */
  head(): { newest: number; oldest: number };
  trim(): Promise<Trimmed>;
  /** Keeps entries until the cursor of that name has passed them. `follow` calls it with the place where it begins. */
  hold?(follower: string, place: { seq: number; backlog: readonly Stretch[] }): void;
  /** What `steady` an entry would get now: tells how old another one is. */
  steady?(): SteadyMs;
  /** How many entries there are with seq in (after, until]. */
  count?(after: number, until: number): number;
}

/**
 * Something that follows a log. `apply` may see an entry twice and must not mind; when it rejects, the same batch comes
 * again after a pause.
 */
export interface Follower<T> {
  readonly name: string;
  /** The most entries it wants at once (default 1,000). */
  readonly batch?: number;
  /** True for who must see entries in order even when it is far behind (detectors): one lane only, always `live`. */
  readonly ordered?: true;
  /** Where it starts when it has never run before: after the newest entry (default), or at the oldest one still there. */
  readonly from?: "newest" | "oldest";
  apply(batch: readonly Entry<T>[], lane: Lane): Promise<void>;
}

/** The followers that every gateway has. A place in a log is kept by its follower's name, so no sink may have one of these. */
export const ownFollowers = ["alarms", "alarms-bursts", "page", "postman", "spectra", "spectra-alarms"] as const;
export type OwnFollower = (typeof ownFollowers)[number];

/** Thrown by `apply`: not now, and not sooner than `after` (a server's Retry-After). Says why in words. */
export class NotNow extends Error {
  readonly after: Ms;

  constructor(message: string, after: Ms, options?: ErrorOptions) {
    super(message, options);
    this.name = "NotNow";
    this.after = after;
  }
}

/** `live` while it keeps up; a follower more than 10 s behind gets new entries in `live` and the rest, in order, in `backlog`. */
export type Lane = "live" | "backlog";

/**
 * Small state that must survive: alarm states, detector checkpoints, hole maps, accounts. One JSON value per (kind, key).
 * Everything in one `commit` is one transaction, on disk when it resolves; while the disk is broken it resolves once it is
 * in memory, and the first commit that succeeds writes it.
 */
export interface Cells {
  load(kind: string): Promise<Map<string, unknown>>;
  commit(change: Change): Promise<void>;
}

/** One named value; null removes it. */
export interface Cell {
  kind: string;
  key: string;
  value: unknown;
}

/** The cell that knows the newest line of the audit list: whoever can shorten that file cannot shorten the store. */
export const auditEnd = { kind: "audit", key: "end" } as const;

export interface Change {
  cells?: readonly Cell[];
  /** Appended to the notices log in the same transaction: an alarm never moves without its notice, nor twice. */
  notices?: readonly AlarmEvent[];
  /** Moves a follower's place in the same transaction. `backlog`: the stretches it has still to catch up with. */
  cursor?: { follower: string; seq: number; backlog?: readonly Stretch[] };
  /** False when it may ride in the next group commit (≤ 1 s); true (the default) commits at once. */
  urgent?: boolean;
}

/** Entries with seq in (after, until]. */
export interface Stretch {
  after: number;
  until: number;
}

/** How often a group commit may happen, and how long a reading may wait for one. */
export const COMMIT_AFTER_ITEMS = 20;
export const COMMIT_EVERY_MIN: Ms = 250;
export const COMMIT_EVERY_MAX: Ms = 1_000;
