import { type Clock, MINUTE, type Ms } from "../core/time.ts";
import type { ReaderAnswers, ReaderCall } from "./protocol.ts";
import { Line } from "./rpc.ts";

/** A thread that nobody asks is memory for nothing. */
const IDLE: Ms = MINUTE;

export type Reader = (() => Promise<Line<ReaderCall, ReaderAnswers>>) & { end(): Promise<void> };

/** The reading thread starts with the first question, and ends a minute after the last. */
export function openReader(file: string, clock: Clock): Reader {
  let line: Promise<Line<ReaderCall, ReaderAnswers>> | undefined;
  let asked: Ms = 0;
  const ending = new AbortController();

  const open = async () => {
    const opened = new Line<ReaderCall, ReaderAnswers>(new URL("./reader.ts", import.meta.url), "reader");
    await opened.ask({ call: "open", file });
    return opened;
  };
  const retire = async () => {
    for (;;) {
      await clock.sleep(asked + IDLE - clock.monotonic(), ending.signal);
      const now = await line;
      if (now && !now.busy && clock.monotonic() >= asked + IDLE) break;
      if (now?.busy) asked = clock.monotonic();
    }
    const idle = line;
    line = undefined;
    await (await idle)?.end();
  };
  const reader = () => {
    asked = clock.monotonic();
    if (!line) {
      line = open();
      line.then(retire).catch(() => {
        line = undefined; // It did not start, or the store closes: the next question begins again.
      });
    }
    return line;
  };
  return Object.assign(reader, {
    end: async () => {
      const last = line;
      ending.abort();
      await (await last?.catch(() => undefined))?.end();
    },
  });
}
