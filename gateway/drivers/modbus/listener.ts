import type { FaultCode } from "../../core/fault.ts";
import type { Reading } from "../../core/reading.ts";
import type { Ms } from "../../core/time.ts";
import type { Hole } from "./plan.ts";
import type { Tag } from "./tags.ts";

/** What a station tells of itself: counted, logged and remembered by the driver. */
export interface Listener {
  /** `spent`: how long the bus was busy with it. `isHeard`: something came back, if only damaged, or a server's word for a silent slave. */
  exchanged(result: "answered" | FaultCode, thought: Ms, spent: Ms, isHeard: boolean): void;
  /** The signal with that index, with or without a number. */
  read(index: number, reading: Reading): void;
  silent(why: FaultCode, again: Ms): void;
  back(): void;
  /** The holes in its register map are others than before, to be remembered. */
  holes(holes: readonly Hole[]): void;
  /** One signal alone is refused. */
  refuses(tag: Tag): void;
}
