import type { DeviceStatus } from "../../core/driver.ts";
import type { FaultCode } from "../../core/fault.ts";
import { type Point, type PointId, pointId } from "../../core/point.ts";
import { bad, good, type Reading, uncertain } from "../../core/reading.ts";
import type { EpochMs, Ms } from "../../core/time.ts";
import { ucum } from "../../core/unit.ts";
import type { DeviceOptions, SignalOptions } from "./options.ts";
import { type Pattern, patterns } from "./patterns.ts";
import { at, fromWire, parsePayload, readingShape, scanShape, toNumber } from "./payload.ts";
import { Seen } from "./seen.ts";

interface Channel {
  /** `machine/signal` as the other gateway calls it. */
  over: string;
  point: Point;
  options: SignalOptions;
  /** Monotonic time of the last reading, or of the last time we said that there is none. */
  heard: Ms;
  told: Ms;
}

/** What a message was worth. */
export interface Heard {
  readings: readonly Reading[];
  /** How long ago they were measured. */
  age: Ms;
  refused?: "not JSON" | "shape" | "repeated";
}

/** One device on the broker: which topics it speaks on, what they mean, and whether it still speaks. */
export class MqttDevice {
  readonly options: DeviceOptions;
  readonly points: readonly Point[];
  /** What to subscribe to. */
  readonly filters: readonly string[];
  readonly #channels: Channel[];
  readonly #byTopic = new Map<string, Channel[]>();
  readonly #online: Pattern["online"] | undefined;
  readonly #seen = new Seen();
  #away: FaultCode | undefined;

  constructor(options: DeviceOptions, driver: string) {
    this.options = options;
    this.#channels = Object.entries(options.signals).map(([key, signal]) => ({
      over: key.includes("/") ? key : `${options.machine ?? ""}/${key}`,
      point: pointOf(options, driver, key, signal),
      options: signal,
      heard: Number.NEGATIVE_INFINITY,
      told: Number.NEGATIVE_INFINITY,
    }));
    this.points = this.#channels.map(({ point }) => point);
    const fill = (topic: string, signal = "") =>
      topic.replace("{name}", options.name ?? options.id).replace("{signal}", signal);
    const pattern: Pattern | undefined = options.pattern && patterns[options.pattern];
    if (options.site) {
      const over = `vigie/v1/${options.site}`;
      this.#online = { topic: `${over}/$state`, value: "online", path: "state" };
      const machines = new Set(this.#channels.map((channel) => splitOnce(channel.over)[0]));
      this.filters = [...[...machines].map((machine) => `${over}/${machine}/+`), this.#online.topic];
      return;
    }
    for (const [i, [key, signal]] of Object.entries(options.signals).entries()) {
      const general = pattern ? fill(pattern.topic, signal.topic ?? key) : (options.topic ?? "");
      const topic = signal.topic?.startsWith("/") ? signal.topic.slice(1) : general;
      const channel = this.#channels[i];
      if (channel) this.#byTopic.set(topic, [...(this.#byTopic.get(topic) ?? []), channel]);
    }
    const online = options.online ?? pattern?.online;
    const path = online?.path;
    this.#online = online && { value: online.value, topic: fill(online.topic), ...(path && { path }) };
    this.filters = [...this.#byTopic.keys(), ...(this.#online ? [this.#online.topic] : [])];
  }

  /** Takes a message on one of its topics. */
  hear(topic: string, payload: Buffer, retained: boolean, now: EpochMs, monotonic: Ms): Heard {
    if (topic === this.#online?.topic) return this.#hearState(payload, now, monotonic);
    const heard = this.options.site
      ? this.#hearGateway(topic, payload, now)
      : this.#hearValues(topic, payload, retained, now);
    for (const { point } of heard.readings) {
      const channel = this.#channels.find((c) => c.point.id === point);
      if (channel) channel.heard = Math.max(channel.heard, monotonic - heard.age);
    }
    return heard;
  }

  /** Bad readings for what has gone quiet, each at its own pace. */
  silence(now: EpochMs, monotonic: Ms, connected: boolean): Reading[] {
    const quiet: Reading[] = [];
    for (const channel of this.#channels) {
      const { every } = channel.point.signal;
      // The first time counts from the start, so that a device that never speaks is noticed too.
      if (channel.told === Number.NEGATIVE_INFINITY) channel.told = monotonic;
      const since = Math.max(channel.heard, channel.told);
      const patience =
        channel.told > channel.heard && channel.heard !== Number.NEGATIVE_INFINITY ? every : Math.max(3_000, 3 * every);
      if (monotonic - since < patience) continue;
      channel.told = monotonic;
      quiet.push(bad(channel.point.id, now, connected ? (this.#away ?? "stale") : "connection"));
    }
    return quiet;
  }

  status(monotonic: Ms): DeviceStatus {
    const heard = Math.max(...this.#channels.map((c) => c.heard));
    const late = this.#channels.filter((c) => monotonic - c.heard > Math.max(3_000, 3 * c.point.signal.every)).length;
    const { id, site, pattern, name, topic } = this.options;
    const seconds = Number.isFinite(heard) ? Math.round((monotonic - heard) / 1_000) : "never";
    const state = this.#away || late === this.#channels.length ? "silent" : late > 0 ? "degraded" : "ok";
    return {
      id,
      state,
      about: { speaks: site ? `vigie ${site}` : (pattern ?? topic ?? ""), name: name ?? id, "last heard (s)": seconds },
    };
  }

  #hearState(payload: Buffer, now: EpochMs, monotonic: Ms): Heard {
    const said = parsePayload(payload);
    const value = typeof said === "object" ? at(said, this.#online?.path) : said;
    const away = String(value) === this.#online?.value ? undefined : this.options.site ? "gateway_off" : "timeout";
    const gone = away !== undefined && this.#away === undefined;
    this.#away = away;
    if (!gone) return { readings: [], age: 0 };
    for (const channel of this.#channels) channel.told = monotonic;
    return { readings: this.points.map(({ id }) => bad(id, now, away)), age: 0 };
  }

  #hearValues(topic: string, payload: Buffer, retained: boolean, now: EpochMs): Heard {
    const said = parsePayload(payload);
    const readings = (this.#byTopic.get(topic) ?? []).flatMap(({ point, options }) => {
      const value = at(said, options.path);
      // Devices send what they have; a field that is not in this message is no news.
      if (value === undefined) return [];
      const number = toNumber(value, options.words);
      if (number === undefined) return [bad(point.id, now, value === null ? "no_sensor" : "garbled")];
      // A retained value may be of yesterday: its age cannot be known.
      const scaled = number * options.scale;
      return [inRange(point, retained ? uncertain(point.id, now, scaled, "stale") : good(point.id, now, scaled))];
    });
    return { readings, age: 0, ...(readings.length === 0 && { refused: "shape" as const }) };
  }

  #hearGateway(topic: string, payload: Buffer, now: EpochMs): Heard {
    const [machine = "", signal = ""] = topic.split("/").slice(3);
    if (signal.startsWith("$") && signal !== "$scan") return { readings: [], age: 0 };
    const said = parsePayload(payload);
    const scan = signal === "$scan" ? scanShape.safeParse(said).data : undefined;
    const single = signal === "$scan" ? undefined : readingShape.safeParse(said).data;
    const all = scan ? Object.entries(scan.r) : single ? [[signal, single] as const] : [];
    const { tq = "", b = 0 } = scan ?? single ?? {};
    if (all.length === 0) return { readings: [], age: 0, refused: "shape" };
    const fresh = all.filter(([, wire]) => this.#seen.first(b, wire.s));
    const readings = fresh.flatMap(([name, wire]) => {
      const channel = this.#channels.find(({ over }) => over === `${machine}/${name}`);
      return channel ? [inRange(channel.point, fromWire(channel.point.id, wire, tq, now))] : [];
    });
    const oldest = Math.min(now, ...readings.map(({ t }) => t));
    return { readings, age: now - oldest, ...(fresh.length === 0 && { refused: "repeated" as const }) };
  }
}

function inRange(point: Point, reading: Reading): Reading {
  const { range } = point.signal;
  if (!range || reading.quality === "bad") return reading;
  return reading.value < range[0] || reading.value > range[1] ? bad(point.id, reading.t, "out_of_range") : reading;
}

function pointOf(device: DeviceOptions, driver: string, key: string, signal: SignalOptions): Point {
  const wanted = signal.as ?? key;
  const id: PointId = wanted.includes("/") ? pointId(...splitOnce(wanted)) : pointId(device.machine ?? "", wanted);
  const [machine, name] = splitOnce(id);
  return {
    id,
    machine,
    driver,
    device: device.id,
    signal: {
      name,
      unit: ucum(signal.unit),
      kind: signal.kind,
      every: signal.every ?? device.every,
      ...(signal.range && { range: signal.range }),
      ...(signal.title && { title: signal.title }),
      ...(signal.labels && { labels: signal.labels }),
    },
  };
}

const splitOnce = (id: string): [string, string] => [id.slice(0, id.indexOf("/")), id.slice(id.indexOf("/") + 1)];
