import type { Logger } from "pino";
import type { Cells, Follower, Log } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Clock } from "../core/time.ts";

export interface FollowOptions {
  cells: Cells;
  clock: Clock;
  say: Logger;
  meters: Meters;
  /** Ends it: what is already in the log is still delivered, for a bounded time. */
  signal: AbortSignal;
}

/**
 * Carries a log to a follower, batch by batch, and remembers its place. The only place where a follower is retried.
 * Resolves when the signal has aborted and what could be delivered is.
 */
export async function follow<T>(_log: Log<T>, _follower: Follower<T>, _options: FollowOptions): Promise<void> {
  throw new Error("not written yet");
}
