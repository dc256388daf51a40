import { Fault } from "../../core/fault.ts";
import type { Series } from "../../core/meter.ts";
import type { Clock, Ms } from "../../core/time.ts";
import { type OpenPipe, type Pipe, Reopening, rest } from "./pipe.ts";

/** What comes from a line that talks by itself: bytes (`torn`: others before them are lost), the beat, or the news that the line is gone. */
export type Heard = { readonly bytes: Buffer; readonly torn: boolean } | { readonly lost: Fault } | "beat";

export interface ListenSettings {
  port: string;
  /** A pipe, opened anew after each loss; may change its settings from time to time. */
  open(): OpenPipe;
  /** At least so often something is yielded, if only a beat. */
  every: Ms;
  clock: Clock;
  dropped: Series;
  /** Called with the pipe once it is open, for instruments that want to be asked. */
  opened?(pipe: Pipe): void;
}

/** More than this waiting means that nobody keeps up with a babbling line: the oldest bytes go, counted. */
const WAITING_MAX = 65_536;

/** Listens to one line for ever, opening it again and again, at the pace at which it is pulled. */
export async function* listen(settings: ListenSettings, signal: AbortSignal): AsyncGenerator<Heard> {
  const line = new Waiting(settings.dropped);
  // Whoever ends early, by a fall or because nobody pulls any more, does not leave the line open behind it.
  const ending = new AbortController();
  const serving = serve(line, settings, AbortSignal.any([signal, ending.signal]));
  let beat = settings.clock.monotonic() + settings.every;
  try {
    while (!signal.aborted) {
      const heard = line.take();
      if (heard) yield heard;
      const left = beat - settings.clock.monotonic();
      if (left <= 0) {
        beat = settings.clock.monotonic() + settings.every;
        yield "beat";
      } else if (line.isEmpty) await line.more(left, settings.clock, signal);
    }
  } finally {
    ending.abort();
    await serving;
  }
}

async function serve(line: Waiting, settings: ListenSettings, signal: AbortSignal): Promise<void> {
  const reopening = new Reopening(settings.port);
  while (!signal.aborted) {
    const { promise: lost, resolve } = Promise.withResolvers<Fault>();
    let pipe: Pipe | undefined;
    let openedAt: Ms | undefined;
    const stop = () => resolve(new Fault("down", { fr: "arrêté", en: "stopped" }));
    signal.addEventListener("abort", stop, { once: true });
    try {
      pipe = await settings.open()({ bytes: (chunk) => line.add(chunk), lost: resolve }, signal);
      settings.opened?.(pipe);
      openedAt = settings.clock.monotonic();
      line.lose(await lost);
    } catch (error) {
      line.lose(error instanceof Fault ? error : new Fault("port", String(error), { cause: error }));
    }
    signal.removeEventListener("abort", stop);
    await pipe?.close();
    const openFor = openedAt === undefined ? 0 : settings.clock.monotonic() - openedAt;
    if (!signal.aborted) await rest(reopening.after(openFor).delay, signal);
  }
}

/** Bytes between the line and whoever pulls. */
class Waiting {
  #chunks: Buffer[] = [];
  #size = 0;
  #torn = false;
  #lost: Fault | undefined;
  #wake: () => void = () => undefined;
  readonly #dropped: Series;

  constructor(dropped: Series) {
    this.#dropped = dropped;
  }

  get isEmpty(): boolean {
    return this.#size === 0 && !this.#lost;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.length;
    while (this.#size > WAITING_MAX) {
      const oldest = this.#chunks.shift();
      this.#torn = true;
      this.#size -= oldest?.length ?? 0;
      this.#dropped.value += oldest?.length ?? 0;
    }
    this.#wake();
  }

  lose(why: Fault): void {
    this.#lost = why;
    this.#wake();
  }

  take(): Heard | undefined {
    if (this.#size > 0) {
      const bytes = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#size = 0;
      const torn = this.#torn;
      this.#torn = false;
      return { bytes, torn };
    }
    const lost = this.#lost;
    this.#lost = undefined;
    return lost && { lost };
  }

  /** Resolves when something has come, after `ms`, or at the abort. */
  async more(ms: Ms, clock: Clock, signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const come = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const over = clock.sleep(ms, AbortSignal.any([ending.signal, signal])).catch(() => undefined);
    await Promise.race([come, over]);
    ending.abort();
    await over;
  }
}
