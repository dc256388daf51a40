import { z } from "zod";
import type { Batch, DeviceStatus } from "../core/driver.ts";
import { Fault } from "../core/fault.ts";
import { ID_PATTERN, ID_REASON, type Point, pointId } from "../core/point.ts";
import { bad, good, type Reading } from "../core/reading.ts";
import { reason } from "../core/text.ts";
import { parseDuration } from "../core/time.ts";
import { type DriverContext, defineDriver } from "../plugin.ts";
import { listen } from "./lib/listen.ts";
import { addressOf, isPort, PORT_REASON, serialPipe, tcpPipe } from "./lib/pipe.ts";
import { type Frame, type Mode, TicParser } from "./teleinfo/frame.ts";
import { signalIn, type TicProfile, ticProfile } from "./teleinfo/profile.ts";

/**
 * The French electricity meter's customer output (Linky and its predecessors), historique or standard, found out by itself. What it
 * catches: damaged groups, broken frames, a silent meter. When it lies: never on its own; in historique mode `power_apparent` is
 * rounded to 10 VA by the meter.
 */
const id = z.string().regex(ID_PATTERN, ID_REASON);

const TOO_SHORT = reason({ fr: "une durée d'au moins 1s", en: "a time of at least 1s" });

const options = z.strictObject({
  port: z
    .string()
    .regex(
      /^(\/|tcp:\/\/)/,
      reason({ fr: "le chemin d'un port, ou tcp://hôte:port", en: "a device path, or tcp://host:port" }),
    )
    .refine(isPort, PORT_REASON),
  mode: z.enum(["auto", "historique", "standard"]).default("auto"),
  machine: id,
  /** How often a reading of each signal is wanted; the meter itself sends a frame every 1 to 2 s. */
  every: z
    .string()
    .default("5s")
    .transform((written, ctx) => {
      const ms = parseDuration(written);
      if (ms !== undefined && ms >= 1_000) return ms;
      ctx.addIssue({ code: "custom", message: TOO_SHORT });
      return z.NEVER;
    }),
  signals: z.array(id).min(1).default(["energy_import", "power_apparent"]),
});
type Options = z.output<typeof options>;

const UART = { historique: 1_200, standard: 9_600 } as const satisfies Record<Mode, number>;
/** Without a frame for so long the other mode is tried. */
const PATIENCE = 6_000;

export default defineDriver<Options>({
  options,

  examine(given, context) {
    const profiles = profilesOf(context);
    const known = new Set(profiles.flatMap(({ signals }) => Object.keys(signals)));
    const all = [...known].join(", ");
    const problems = given.signals.flatMap((signal, index) => {
      const message = {
        fr: `le compteur ne donne pas ${signal} ; il donne ${all}`,
        en: `the meter has no ${signal}; it has ${all}`,
      };
      return known.has(signal) ? [] : [{ path: ["signals", index], message }];
    });
    return { problems };
  },

  create(given, context) {
    const profiles = new Map(profilesOf(context).map((profile) => [profile.mode, profile]));
    const points = given.signals.map((signal) => pointOf(signal, given, context, [...profiles.values()]));
    const meter = new Meter(given, points, profiles, context);
    return {
      points,
      devices: () => [meter.status()],
      run: (signal) => meter.run(signal),
    };
  },
});

/** The meter on its line. */
class Meter {
  readonly #given: Options;
  readonly #points: readonly Point[];
  readonly #profiles: ReadonlyMap<Mode, TicProfile>;
  readonly #context: DriverContext;
  readonly #parser = new TicParser();
  #mode: Mode;
  #frame: { frame: Frame; t: ReturnType<DriverContext["clock"]["now"]> } | undefined;
  #heardAt = 0;
  #about: Record<string, string | number> = {};

  constructor(
    given: Options,
    points: readonly Point[],
    profiles: ReadonlyMap<Mode, TicProfile>,
    context: DriverContext,
  ) {
    this.#given = given;
    this.#points = points;
    this.#profiles = profiles;
    this.#context = context;
    this.#mode = given.mode === "historique" ? "historique" : "standard";
  }

  status(): DeviceStatus {
    const silent = this.#context.clock.monotonic() - this.#heardAt > 2 * this.#given.every;
    return { id: "meter", state: silent ? "silent" : "ok", about: { mode: this.#mode, ...this.#about } };
  }

  async *run(signal: AbortSignal): AsyncGenerator<Batch> {
    const { clock, meters, say, site, id: driver } = this.#context;
    const labels = { driver };
    const scheduled = meters.counter("readings_scheduled_total", "Readings that were due", labels);
    const damaged = meters.counter("teleinfo_groups_damaged_total", "Groups whose checksum did not fit", labels);
    const dropped = meters.counter(
      "teleinfo_bytes_dropped_total",
      "Bytes that came faster than they were read",
      labels,
    );
    const { port, every } = this.#given;
    this.#heardAt = clock.monotonic();
    const said = new Set<string>();
    for await (const heard of listen({ port, every, clock, dropped, open: () => this.#open() }, signal)) {
      if (heard === "beat") {
        const readings = this.#readings();
        scheduled.value += readings.length;
        yield { readings };
      } else if ("lost" in heard) {
        if (!signal.aborted && !said.has(heard.lost.message)) say.warn(`${driver}: ${heard.lost.text[site.language]}`);
        said.add(heard.lost.message);
      } else {
        if (this.#take(heard.bytes)) said.clear();
        damaged.value = this.#parser.damaged;
      }
    }
  }

  #open() {
    const address = addressOf(this.#given.port);
    if (address) return tcpPipe(address.host, address.port);
    const settings = { baud: UART[this.#mode], parity: "even", stopBits: 1, dataBits: 7 } as const;
    const open = serialPipe(this.#given.port, settings);
    return (...[events, signal]: Parameters<typeof open>) => {
      this.#heardAt = this.#context.clock.monotonic();
      return open({ ...events, bytes: (chunk) => this.#bytes(chunk, events) }, signal);
    };
  }

  /** Bytes but no frame for a while: the meter speaks the other mode, at the other rate. */
  #bytes(chunk: Uint8Array, events: { bytes(chunk: Uint8Array): void; lost(why: Fault): void }): void {
    const wrong = this.#context.clock.monotonic() - this.#heardAt > PATIENCE;
    if (wrong && this.#given.mode === "auto") {
      this.#mode = this.#mode === "standard" ? "historique" : "standard";
      const next = `${this.#mode} (${UART[this.#mode]} baud)`;
      events.lost(
        new Fault("garbled", { fr: `pas de trame, essai du mode ${next}`, en: `no frame, trying mode ${next}` }),
      );
    } else events.bytes(chunk);
  }

  /** Whether the bytes completed a frame. */
  #take(bytes: Buffer): boolean {
    const { clock } = this.#context;
    const frame = this.#parser.bytes(bytes).at(-1);
    if (!frame) return false;
    this.#heardAt = clock.monotonic();
    this.#mode = frame.mode;
    this.#frame = { frame, t: clock.now() };
    const texts = this.#profiles.get(frame.mode)?.texts ?? {};
    this.#about = Object.fromEntries(
      frame.groups.flatMap(({ label, text }) => (texts[label] ? [[texts[label], text.trim()]] : [])),
    );
    return true;
  }

  /** What the newest frame says; bad where there was none since the last time, or where it does not speak of a signal. */
  #readings(): Reading[] {
    const newest = this.#frame;
    this.#frame = undefined;
    const profile = newest && this.#profiles.get(newest.frame.mode);
    return this.#points.map((point) => {
      if (!newest || !profile) return bad(point.id, this.#context.clock.now(), "timeout");
      const value = signalIn(profile, point.signal.name, newest.frame);
      return value === undefined ? bad(point.id, newest.t, "no_sensor") : good(point.id, newest.t, value);
    });
  }
}

const profilesOf = (context: Pick<DriverContext, "profile">): TicProfile[] =>
  (["teleinfo-standard", "teleinfo-historique"] as const).map((name) => ticProfile.parse(context.profile(name)));

function pointOf(signal: string, given: Options, context: DriverContext, profiles: readonly TicProfile[]): Point {
  const facts = profiles.flatMap(({ signals }) => signals[signal] ?? [])[0];
  return {
    id: pointId(given.machine, signal),
    machine: given.machine,
    signal: { name: signal, unit: facts?.unit ?? "1", kind: facts?.kind ?? "gauge", every: given.every },
    driver: context.id,
    device: "meter",
  };
}
