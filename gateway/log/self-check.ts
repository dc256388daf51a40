import { statSync } from "node:fs";
import type { Logger } from "pino";
import type { Meters } from "../core/meter.ts";
import { type Clock, DAY, HOUR, type Ms } from "../core/time.ts";
import { CHECKED_AT_OPEN } from "./database.ts";
import type { ReaderAnswers, ReaderCall } from "./protocol.ts";
import { Line, StoreTrouble } from "./rpc.ts";

const FIRST: Ms = HOUR;
const EVERY: Ms = 7 * DAY;

/**
 * Looks a whole store through that is too large for a start to wait for: in a thread of its own, an hour after the start and
 * every week. Batches and chunks prove themselves whenever they are read; this finds what lies between them, before it is
 * needed. Ends with the signal.
 */
export async function checkBeside(
  file: string,
  parts: { clock: Clock; meters: Meters; say: Logger; signal: AbortSignal; largerThan?: number },
): Promise<void> {
  const { clock, meters, say, signal, largerThan = CHECKED_AT_OPEN } = parts;
  const unsound = meters.gauge("store_unsound", "1 when the weekly look through the whole store found damage");
  for (let pause = FIRST; !signal.aborted; pause = EVERY) {
    try {
      await clock.sleep(pause, signal);
      if (statSync(file).size <= largerThan) continue;
      unsound.value = (await isSound(file)) ? 0 : 1;
      if (unsound.value === 1)
        say.error("the store is damaged in places: it goes on; make a backup (vigie backup) and look at the card");
    } catch (error) {
      if (signal.aborted) return;
      // A disk that cannot be read is told of by those who need it; this only looks again.
      if (error instanceof StoreTrouble || (error instanceof Error && "code" in error)) continue;
      throw error;
    }
  }
}

async function isSound(file: string): Promise<boolean> {
  const line = new Line<ReaderCall, ReaderAnswers>(new URL("./reader.ts", import.meta.url), "check");
  try {
    await line.ask({ call: "open", file });
    return await line.ask({ call: "check" });
  } catch (error) {
    if (error instanceof StoreTrouble && error.trouble === "damaged") return false;
    throw error;
  } finally {
    await line.end();
  }
}
