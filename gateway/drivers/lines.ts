import { z } from "zod";
import type { Batch, DeviceStatus } from "../core/driver.ts";
import { ID_PATTERN, ID_REASON, type Point, pointId } from "../core/point.ts";
import { bad, good, type Reading } from "../core/reading.ts";
import { reason } from "../core/text.ts";
import { type EpochMs, type Ms, parseDuration } from "../core/time.ts";
import { ucum } from "../core/unit.ts";
import { type DriverContext, defineDriver } from "../plugin.ts";
import { decimal } from "./lib/decimal.ts";
import { listen } from "./lib/listen.ts";
import { addressOf, isPort, type Pipe, PORT_REASON, serialPipe, tcpPipe } from "./lib/pipe.ts";
import { type Danger, dangerOf } from "./lines/pattern.ts";
import { LineSplitter } from "./lines/split.ts";

/**
 * Instruments that send lines of text by themselves or when asked: scales, calipers, thermometers, old PLCs. Each signal has a
 * pattern; the group `value`, or the first one, is the number. What it catches: silence, lines that do not match, floods. When it
 * lies: when the pattern takes the wrong number of a line.
 */
const id = z.string().regex(ID_PATTERN, ID_REASON);

const TOO_SHORT = reason({
  fr: "une durée d'au moins 50ms, par exemple 500ms ou 1s",
  en: "a time of at least 50ms, as in 500ms or 1s",
});

const NO_PATTERN = reason({
  fr: "cette expression régulière ne se comprend pas : vérifiez ses parenthèses et crochets",
  en: "this is no regular expression: check its brackets",
});

const period = z.string().transform((written, ctx): Ms => {
  const ms = parseDuration(written);
  if (ms !== undefined && ms >= 50) return ms;
  ctx.addIssue({ code: "custom", message: TOO_SHORT });
  return z.NEVER;
});

const DANGERS: Readonly<Record<Danger, string>> = {
  slow: reason({
    fr: "une seule ligne pourrait occuper cette expression pendant des heures, et arrêter tout le reste : pas de répétition dans une répétition, comme (a+)+, et [^,]*, plutôt que .*,",
    en: "a single line could keep this expression busy for hours, and stop everything else: no repetition inside a repetition, as in (a+)+, and [^,]*, rather than .*,",
  }),
  "refers-back": reason({
    fr: "\\1 et \\k<nom> ne sont pas acceptés : une ligne pourrait les occuper pendant des heures ; écrivez une deuxième fois ce qu'ils répètent",
    en: "\\1 and \\k<name> are not accepted: a line could keep them busy for hours; write a second time what they repeat",
  }),
};

const pattern = z.string().transform((written, ctx): RegExp => {
  try {
    const expression = new RegExp(written);
    const danger = dangerOf(written);
    if (!danger) return expression;
    ctx.addIssue({ code: "custom", message: DANGERS[danger] });
  } catch {
    ctx.addIssue({ code: "custom", message: NO_PATTERN });
  }
  return z.NEVER;
});

const NO_SIGNAL = reason({ fr: "donnez au moins un signal", en: "name at least one signal" });

const signal = z.strictObject({
  match: pattern,
  unit: z.string().default("1").transform(ucum),
  kind: z.enum(["gauge", "counter", "state"]).default("gauge"),
  scale: z.number().default(1),
  offset: z.number().default(0),
  range: z.tuple([z.number(), z.number()]).optional(),
});

const options = z.strictObject({
  port: z
    .string()
    .regex(
      /^(\/|tcp:\/\/)/,
      reason({ fr: "le chemin d'un port, ou tcp://hôte:port", en: "a device path, or tcp://host:port" }),
    )
    .refine(isPort, PORT_REASON),
  baud: z.int().min(300).max(1_000_000).default(9_600),
  parity: z.enum(["none", "even", "odd"]).default("none"),
  stop_bits: z.union([z.literal(1), z.literal(2)]).default(1),
  data_bits: z.union([z.literal(7), z.literal(8)]).default(8),
  machine: id,
  /** How often a reading of each signal is wanted; the newest line wins. */
  every: period.prefault("1s"),
  /** What to send each time, for instruments that want to be asked; `\r` and `\n` as in YAML's double quotes. */
  ask: z.string().max(64).optional(),
  /** True for instruments with a button: their silence is no fault. */
  on_demand: z.boolean().default(false),
  signals: z.record(id, signal).refine((all) => Object.keys(all).length > 0, NO_SIGNAL),
});
type Options = z.output<typeof options>;

/** Silence of so many periods is a fault. */
const PATIENCE = 3;

export default defineDriver<Options>({
  options,
  create(given, context) {
    const instrument = new Instrument(given, context);
    return {
      points: instrument.points,
      devices: () => [instrument.status()],
      run: (signal) => instrument.run(signal),
    };
  },
});

/** What each signal last said, and when. */
interface Channel {
  readonly point: Point;
  readonly facts: Options["signals"][string];
  newest: { value: number; t: EpochMs } | undefined;
  heardAt: Ms;
}

class Instrument {
  readonly #given: Options;
  readonly #context: DriverContext;
  readonly #channels: readonly Channel[];
  readonly #splitter = new LineSplitter();
  #pipe: Pipe | undefined;

  constructor(given: Options, context: DriverContext) {
    this.#given = given;
    this.#context = context;
    this.#channels = Object.entries(given.signals).map(([name, facts]) => ({
      point: pointOf(name, facts, given, context.id),
      facts,
      newest: undefined,
      heardAt: 0,
    }));
  }

  get points(): readonly Point[] {
    return this.#channels.map(({ point }) => point);
  }

  status(): DeviceStatus {
    const now = this.#context.clock.monotonic();
    const silent = this.#channels.every((channel) => this.#isSilent(channel, now));
    return {
      id: "instrument",
      state: silent && !this.#given.on_demand ? "silent" : "ok",
      about: { port: this.#given.port },
    };
  }

  async *run(signal: AbortSignal): AsyncGenerator<Batch> {
    const { clock, meters, say, site, id: driver } = this.#context;
    const labels = { driver };
    const scheduled = meters.counter("readings_scheduled_total", "Readings that were due", labels);
    const dropped = meters.counter("lines_bytes_dropped_total", "Bytes that came faster than they were read", labels);
    const tooLong = meters.counter("lines_too_long_total", "Lines that were too long", labels);
    const tooMany = meters.counter("lines_too_long_bytes_total", "Bytes of lines that were too long", labels);
    const unmatched = meters.counter("lines_unmatched_total", "Lines that no pattern matched", labels);
    const { port, every } = this.#given;
    const opened = (pipe: Pipe) => {
      this.#pipe = pipe;
    };
    for (const channel of this.#channels) channel.heardAt = clock.monotonic();
    let said = "";
    for await (const heard of listen({ port, every, clock, dropped, opened, open: () => this.#open() }, signal)) {
      if (heard === "beat") {
        if (this.#given.ask !== undefined) this.#pipe?.write(Buffer.from(this.#given.ask, "latin1"));
        const readings = this.#readings();
        scheduled.value += readings.length;
        if (readings.length > 0) yield { readings };
      } else if ("lost" in heard) {
        this.#pipe = undefined;
        this.#splitter.breakOff();
        if (!signal.aborted && heard.lost.message !== said) say.warn(`${driver}: ${heard.lost.text[site.language]}`);
        said = heard.lost.message;
      } else {
        if (heard.torn) this.#splitter.breakOff(true);
        for (const line of this.#splitter.bytes(heard.bytes)) if (!this.#take(line)) unmatched.value++;
        tooLong.value = this.#splitter.tooLong;
        tooMany.value = this.#splitter.dropped;
      }
    }
  }

  #open() {
    const { port, baud, parity, stop_bits, data_bits } = this.#given;
    const address = addressOf(port);
    if (address) return tcpPipe(address.host, address.port);
    return serialPipe(port, { baud, parity, stopBits: stop_bits, dataBits: data_bits });
  }

  /** Whether any signal found its number in the line. */
  #take(line: string): boolean {
    let matched = false;
    for (const channel of this.#channels) {
      const found = channel.facts.match.exec(line);
      if (!found) continue;
      matched = true;
      const written = found.groups?.value ?? found[1] ?? found[0];
      const raw = decimal(written.replace(/\s/g, "").replace(",", ".")) ?? Number.NaN;
      const value = Number((raw * channel.facts.scale + channel.facts.offset).toPrecision(12));
      channel.newest = { value, t: this.#context.clock.now() };
      channel.heardAt = this.#context.clock.monotonic();
    }
    return matched;
  }

  /** The newest value of each signal since the last time; bad after three silent periods. */
  #readings(): Reading[] {
    const now = this.#context.clock.monotonic();
    return this.#channels.flatMap((channel) => {
      const { point, newest, facts } = channel;
      channel.newest = undefined;
      if (newest) {
        const outside = facts.range && (newest.value < facts.range[0] || newest.value > facts.range[1]);
        return outside ? bad(point.id, newest.t, "out_of_range") : good(point.id, newest.t, newest.value);
      }
      const silent = !this.#given.on_demand && this.#isSilent(channel, now);
      return silent ? bad(point.id, this.#context.clock.now(), "timeout") : [];
    });
  }

  #isSilent(channel: Channel, now: Ms): boolean {
    return now - channel.heardAt > PATIENCE * this.#given.every;
  }
}

function pointOf(name: string, facts: Options["signals"][string], given: Options, driver: string): Point {
  const { unit, kind, range } = facts;
  return {
    id: pointId(given.machine, name),
    machine: given.machine,
    signal: { name, unit, kind, every: given.every, ...(range && { range }) },
    driver,
    device: "instrument",
  };
}
