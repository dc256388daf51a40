import type { Frame, Verdict } from "../../core/driver.ts";
import type { EpochMs, Ms } from "../../core/time.ts";
import { epochMs } from "../../core/time.ts";

/** How many frames of a wire are kept; older ones give way, and `count` tells that they did. */
const KEPT = 128;
/** The longest frame; of noise beyond it only the length is known. */
const ROOM = 260;

/** The newest frames of a wire, as they went over it. In one block of memory, because hundreds a second pass here. */
export class Frames {
  /** All there ever were. */
  count = 0;
  readonly #bytes = Buffer.alloc(KEPT * ROOM);
  readonly #at = new Float64Array(KEPT);
  readonly #length = new Uint16Array(KEPT);
  readonly #verdict: Verdict[] = new Array<Verdict>(KEPT).fill("asked");
  readonly #now: () => Ms;

  /** `now`: monotonic time. */
  constructor(now: () => Ms) {
    this.#now = now;
  }

  add(bytes: Uint8Array, verdict: Verdict): void {
    const place = this.count++ % KEPT;
    this.#bytes.set(bytes.length > ROOM ? bytes.subarray(0, ROOM) : bytes, place * ROOM);
    this.#at[place] = this.#now();
    this.#length[place] = bytes.length;
    this.#verdict[place] = verdict;
  }

  /** The newest last. `wall`: the wall clock now. */
  list(wall: EpochMs): Frame[] {
    const ahead = wall - this.#now();
    const first = Math.max(0, this.count - KEPT);
    return Array.from({ length: this.count - first }, (_, i) => this.#frame(first + i, ahead));
  }

  #frame(n: number, ahead: Ms): Frame {
    const place = n % KEPT;
    const [from, length, verdict] = [place * ROOM, this.#length[place] ?? 0, this.#verdict[place] ?? "asked"];
    return {
      n,
      t: epochMs(Math.round((this.#at[place] ?? 0) + ahead)),
      way: verdict === "asked" ? "out" : "in",
      hex: this.#bytes.toString("hex", from, from + Math.min(length, ROOM)),
      length,
      verdict,
    };
  }
}
