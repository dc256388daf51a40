import type { Logger } from "pino";
import type { Batch, DeviceStatus, SignalReport, WireReport } from "../../core/driver.ts";
import { Fault, type FaultCode } from "../../core/fault.ts";
import type { Reading } from "../../core/reading.ts";
import type { Language, Text } from "../../core/text.ts";
import type { Clock, Ms } from "../../core/time.ts";
import { Reopening, rest } from "../lib/pipe.ts";
import { againIn, opened } from "../lib/trouble.ts";
import type { UsbReset } from "../lib/usb.ts";
import type { ModbusBus } from "./bus.ts";
import type { Counter } from "./counter.ts";
import { advise, symptomsOf } from "./doctor.ts";
import type { Ledger } from "./ledger.ts";
import { Overrun } from "./overrun.ts";
import type { Hole } from "./plan.ts";
import { type Due, Schedule } from "./schedule.ts";
import { Share } from "./share.ts";
import { Station, type StationSettings } from "./station.ts";
import type { Tag } from "./tags.ts";
import { back, refuses, silent, stuck, wasReset } from "./words.ts";

export interface LaneDevice extends StationSettings {
  id: string;
  about: Record<string, string | number>;
  ledger: Ledger;
}

export interface LaneContext {
  /** The driver's id. */
  driver: string;
  port: string;
  baud: number;
  language: Language;
  clock: Clock;
  say: Logger;
  /** Wakes an adapter that reopening does not wake. */
  reset(): Promise<UsbReset>;
  remember(device: string, holes: readonly Hole[]): void;
  counters(device: string, tags: readonly Tag[]): readonly (Counter | undefined)[];
}

interface Seat {
  readonly device: LaneDevice;
  readonly station: Station;
  readonly ledger: Ledger;
  readonly periods: Map<string, readonly Ms[]>;
  schedule: Schedule;
}

/** So long without an answer from any device, and the port is opened anew. */
const WEDGED_AFTER: Ms = 15_000;
const WEDGED_AFTER_MAX: Ms = 600_000;
/** The second time in a row it is the adapter's turn to be reset. */
const RESET_AT = 2;
const GRID: Ms = 100;

/** One wire and the devices on it, polled in the order in which they are due. */
export class Lane {
  readonly bus: ModbusBus;
  readonly #seats: readonly Seat[];
  readonly #context: LaneContext;
  readonly #advised = new Set<string>();
  readonly #share: Share;
  readonly #overrun: Overrun;
  readonly #stuck = new Fault("port", {
    fr: "ouvert, mais aucun appareil ne répond",
    en: "open, but no device answers",
  });
  #answeredAt: Ms = 0;
  #wedgedAfter = WEDGED_AFTER;
  /** How often the wire was opened anew without anybody having answered since. */
  #wedges = 0;

  constructor(bus: ModbusBus, devices: readonly LaneDevice[], context: LaneContext) {
    this.bus = bus;
    this.#context = context;
    this.#share = new Share(
      () => bus.busy,
      () => context.clock.monotonic(),
    );
    this.#seats = devices.map((device) => this.#seat(device));
    this.#overrun = new Overrun(devices, devices[0]?.cost ?? { request: 0, register: 0 });
  }

  async *run(signal: AbortSignal): AsyncGenerator<Batch> {
    const { clock } = this.#context;
    const { promise: tried, resolve } = Promise.withResolvers<void>();
    // Whoever ends early, by a fall or because nobody pulls any more, does not leave the wire open behind it.
    const ending = new AbortController();
    const serving = this.#keepOpen(AbortSignal.any([signal, ending.signal]), resolve);
    try {
      // Ports open in milliseconds; without this every start would begin with readings that say "no port".
      await tried;
      this.#spread(clock.monotonic());
      while (!signal.aborted) {
        const seat = this.#nextSeat();
        const wait = seat.schedule.next - clock.monotonic();
        if (wait > 0) await clock.sleep(wait, signal);
        const readings = await this.#poll(seat);
        if (readings.length > 0) yield { readings };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ending.abort();
      await this.bus.close();
      await serving;
    }
  }

  devices(): readonly DeviceStatus[] {
    return this.#seats.map(({ device, station, ledger }) => ({
      id: device.id,
      state: station.state,
      about: {
        ...device.about,
        ...station.properties,
        slave: device.slave,
        timeout_ms: Math.round(station.patience.timeout),
        response_p50_ms: Math.round(ledger.thought.percentile(0.5)),
        response_p99_ms: Math.round(ledger.thought.percentile(0.99)),
        ...Object.fromEntries(Object.entries(ledger.errors).map(([kind, count]) => [`errors_${kind}`, count])),
        ...(this.advice[0] && { advice: this.advice[0][this.#context.language] }),
        ...(station.refused.length > 0 && { refused: station.refused.map((tag) => tag.name).join(" ") }),
      },
    }));
  }

  wire(): WireReport {
    const { bus, advice } = this;
    const { clock, port } = this.#context;
    return {
      port,
      open: bus.isOpen,
      use_percent: this.#share.look(),
      frames_total: bus.frames.count,
      strays: { ...bus.counts },
      advice,
      frames: bus.frames.list(clock.now()),
    };
  }

  signals(): readonly SignalReport[] {
    return this.#seats.flatMap(({ ledger }) => ledger.paces.list());
  }

  async #poll(seat: Seat): Promise<Reading[]> {
    const { clock } = this.#context;
    const now = clock.monotonic();
    const due = seat.schedule.take(now);
    for (const every of this.#periods(seat, due)) seat.ledger.polled(every, now);
    const readings = await seat.station.poll(due.name, due.indices, clock);
    seat.ledger.taken(readings.length, due.skipped);
    if (this.#overrun.taken(due.skipped, now)) this.#adviseOnce();
    return readings;
  }

  /** The planned periods of what is due, remembered by the name of the set. */
  #periods(seat: Seat, due: Due): readonly Ms[] {
    const known = seat.periods.get(due.name);
    if (known) return known;
    const periods = [...new Set(due.indices.map((index) => seat.device.tags[index]?.point.signal.every ?? 0))];
    seat.periods.set(due.name, periods);
    return periods;
  }

  /**
   * Every device gets its own moment in its period, so that a bus is never asked everything at once. The moments lie on a grid
   * that all buses share: one wake-up of this program then serves many of them.
   */
  #spread(now: Ms): void {
    const begin = Math.ceil(now / GRID) * GRID;
    for (const [index, seat] of this.#seats.entries()) {
      const every = seat.device.tags.map((tag) => tag.point.signal.every);
      const shortest = Math.min(1_000, ...every);
      seat.schedule = new Schedule(every, begin + shortest * (index / this.#seats.length));
    }
    this.#answeredAt = now;
  }

  #nextSeat(): Seat {
    return this.#seats.reduce((first, seat) => (seat.schedule.next < first.schedule.next ? seat : first));
  }

  /** Opens the wire, again and again. The one place where that is tried. */
  async #keepOpen(signal: AbortSignal, tried: () => void): Promise<void> {
    const { driver, say, port, clock, language } = this.#context;
    const reopening = new Reopening(port);
    let isTold = true;
    while (!signal.aborted) {
      let openedAt: Ms | undefined;
      const why = await this.bus.serve(() => {
        openedAt = clock.monotonic();
        this.#answeredAt = openedAt;
        for (const { station } of this.#seats) station.wireIsNew();
        if (isTold) say.info(`${driver}: ${opened(port)[language]}`);
        isTold = false;
        tried();
      });
      tried();
      if (why === this.#stuck) {
        isTold = true;
        if (this.#wedges === RESET_AT) await this.#reset();
      }
      if (signal.aborted || why === this.#stuck) continue;
      const { delay, isNews } = reopening.after(openedAt === undefined ? 0 : clock.monotonic() - openedAt);
      isTold ||= isNews;
      if (isNews) say.warn(`${driver}: ${why.text[language]}${againIn(delay)[language]}`);
      await rest(delay, signal);
    }
  }

  #seat(device: LaneDevice): Seat {
    const { driver, say, language } = this.#context;
    const { ledger } = device;
    const told = new Set<Tag>();
    const station = new Station(
      device,
      this.bus,
      {
        exchanged: (result, thought, spent, isHeard) => {
          ledger.exchanged(result, thought, spent);
          this.#unwedge(result, isHeard);
          if (result !== "answered") this.#adviseOnce();
        },
        read: (index, reading) => ledger.paces.read(index, reading),
        silent: (why, again) => say.warn(`${driver}: ${silent(device.id, why, again)[language]}`),
        back: () => say.info(`${driver}: ${back(device.id)[language]}`),
        holes: (holes) => this.#context.remember(device.id, holes),
        refuses: (tag) => {
          if (told.has(tag)) return;
          told.add(tag);
          say.warn(`${driver}: ${refuses(device.id, tag)[language]}`);
        },
      },
      this.#context.counters(device.id, device.tags),
    );
    return { device, station, ledger, periods: new Map(), schedule: new Schedule([1_000], 0) };
  }

  /** What the wiring doctor says of this line now. */
  get advice(): readonly Text[] {
    const units = this.#seats.map(({ device, station, ledger }) => ({
      slave: device.slave,
      asked: ledger.sent,
      answered: ledger.count("answered"),
      damaged: ledger.count("crc") + ledger.count("garbled"),
      late: station.late,
    }));
    const { port, baud } = this.#context;
    const heard = advise(symptomsOf({ baud, serial: port.startsWith("/"), counts: this.bus.counts }, units));
    const full = this.#overrun.why ? [this.#overrun.why] : [];
    const isStuck = this.#wedges > RESET_AT && port.startsWith("/");
    return [...(isStuck ? [stuck(port)] : []), ...heard, ...full];
  }

  #adviseOnce(): void {
    for (const text of this.advice) {
      if (this.#advised.has(text.en)) continue;
      this.#advised.add(text.en);
      const { say, driver, language } = this.#context;
      say.warn(`${driver}: ${text[language]}`);
    }
  }

  /** Open, but nobody at all answers any more: the adapter or the connection may be stuck, so open it anew, ever more rarely. */
  #unwedge(result: "answered" | FaultCode, isHeard: boolean): void {
    const now = this.#context.clock.monotonic();
    if (isHeard || result !== "timeout") this.#answeredAt = now;
    if (isHeard) {
      this.#wedgedAfter = WEDGED_AFTER;
      this.#wedges = 0;
    }
    if (now - this.#answeredAt < this.#wedgedAfter) return;
    this.#answeredAt = now;
    this.#wedgedAfter = Math.min(2 * this.#wedgedAfter, WEDGED_AFTER_MAX);
    this.#wedges++;
    this.bus.drop(this.#stuck);
  }

  /** Once in an episode: where all devices are just switched off, it helps as little as opening anew. */
  async #reset(): Promise<void> {
    const { driver, say, port, language } = this.#context;
    if ((await this.#context.reset()) === "done") say.warn(`${driver}: ${wasReset(port)[language]}`);
  }
}
