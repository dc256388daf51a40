import { Knocks } from "./core/knocks.ts";
import type { Ms } from "./core/time.ts";

/** What one talker may say: so much at once, then a line every ten seconds; and all of them together, 10 MB a day. */
const EACH = { burst: 60, perSecond: 0.1 };
const ALL = { burst: 1_000, perSecond: 0.5 };
/** Talkers whose newest line waits; beyond it lines are gone. */
const WAITING = 256;

export interface Line {
  msg?: string;
  level: number;
}

/**
 * Keeps a device that comes and goes ten times a second from filling the disk with what it has to say. The newest line of a
 * talker that was kept back is written as soon as it may, with how many stand behind it: how it ended is always known.
 */
export class Ration<L extends Line> {
  readonly #knocks = new Knocks(EACH, ALL);
  readonly #kept = new Map<string, { line: L; count: number }>();
  readonly #write: (line: L) => void;

  constructor(write: (line: L) => void) {
    this.#write = write;
  }

  /** Whether there is anything to look after. */
  get keeps(): boolean {
    return this.#kept.size > 0;
  }

  take(line: L, now: Ms): void {
    const who = talker(line);
    const kept = this.#kept.get(who);
    if (!kept && this.#knocks.may(who, now)) this.#write(line);
    else if (kept || this.#kept.size < WAITING) this.#kept.set(who, { line, count: (kept?.count ?? 0) + 1 });
  }

  /** Writes what may be written by now. */
  look(now: Ms): void {
    for (const [who, { line, count }] of this.#kept) {
      if (!this.#knocks.may(who, now)) continue;
      this.#kept.delete(who);
      this.#write(count > 1 ? { ...line, msg: `${line.msg} [×${count}]` } : line);
    }
  }
}

/** Lines begin with who says them: `ligne-1: …`. */
const talker = ({ msg = "" }: Line): string => /^[^\s:]+(?=\s?:)/.exec(msg)?.[0] ?? msg.slice(0, 40);
