import type { Duplex } from "node:stream";
import { SampleRing } from "./fake/ring.ts";
import { encodeFrame, FrameReader, TO_NODE_MAX } from "./frame.ts";
import {
  BURST_SATURATED,
  type ChannelKind,
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageOf,
  PROTOCOL_VERSION,
  type Sample,
  type SensorFault,
} from "./message.ts";

/** A channel of a node that is played: `value` is asked every `every` ms with the ms since the node booted. */
export interface FakeChannel {
  name: string;
  unit: string;
  kind?: Exclude<ChannelKind, "burst">;
  every: number;
  /** What one raw step is worth (default 0.01). */
  resolution?: number;
  value(t: number): number | SensorFault;
}

/** A vibration sensor's axis that is played: `take` gives `count` samples in g, taken at `rate` Hz from `t` on. */
export interface FakeAxis {
  name: string;
  /** The sensor's range in g; beyond it samples are clipped and the burst says so. */
  range: number;
  take(t: number, rate: number, count: number): ArrayLike<number>;
}

export interface FakeNodeOptions {
  id: string;
  channels: readonly FakeChannel[];
  bursts?: readonly FakeAxis[];
  firmware?: string;
  release?: string;
  /** Samples that it can keep while nobody takes them (default 4,096). */
  ring?: number;
  boot?: number;
  /** Its oscillator, in ms; by default the machine's. */
  clock?(): number;
}

const STATUS_EVERY = 5_000;
const THRESHOLD_EVERY = 10_000;
const THRESHOLD_SAMPLES = 256;
const CHUNK = 240;
const RING = 4_096;
const STEPS = 32_000;

interface Axis extends FakeAxis {
  index: number;
  settings: { every: number; above: number; count: number; rate: number };
  lastTaken: number;
  lastLooked: number;
}

/** A whole node in TypeScript, the other side of the protocol, over any stream: for the demonstration and for tests. */
export class FakeNode {
  readonly #options: FakeNodeOptions;
  readonly #channels: { index: number; every: number; due: number; from: FakeChannel }[];
  readonly #axes: Axis[];
  readonly #timer = setInterval(() => this.#tick(), 10).unref();
  readonly #clock: () => number;
  #stream: Duplex | undefined;
  #reader = new FrameReader(TO_NODE_MAX);
  #ring: SampleRing;
  #boot: number;
  #booted: number;
  #status = 0;
  #burst = 0;

  constructor(options: FakeNodeOptions) {
    this.#options = options;
    this.#ring = new SampleRing(options.ring ?? RING);
    this.#clock = options.clock ?? (() => performance.now());
    this.#booted = this.#clock();
    this.#boot = options.boot ?? 1 + Math.floor(Math.random() * 0xfffe);
    this.#channels = options.channels.map((from, index) => ({ index, every: from.every, due: 0, from }));
    this.#axes = (options.bursts ?? []).map((from, i) => ({
      ...from,
      index: options.channels.length + i,
      settings: { every: 0, above: 0, count: 4096, rate: 3200 },
      lastTaken: 0,
      lastLooked: -THRESHOLD_EVERY,
    }));
  }

  /** Talks over this stream from now on; an earlier one is let go. Samples wait in the ring while there is none. */
  attach(stream: Duplex): void {
    this.#stream?.destroy();
    this.#stream = stream;
    this.#reader = new FrameReader(TO_NODE_MAX);
    const letGo = () => {
      if (this.#stream === stream) this.#stream = undefined;
    };
    stream.on("data", (piece: Uint8Array) => this.#receive(piece));
    stream.on("error", letGo);
    stream.on("close", letGo);
    this.#hello();
  }

  /** As after a power cut: samples gone, a new boot. */
  restart(): void {
    this.#boot = (this.#boot + 1) & 0xffff;
    this.#booted = this.#clock();
    this.#ring = new SampleRing(this.#options.ring ?? RING);
    for (const channel of this.#channels) channel.due = 0;
    this.#hello();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stream?.destroy();
  }

  get #now(): number {
    return Math.floor(this.#clock() - this.#booted);
  }

  #tick(): void {
    const now = this.#now;
    for (const channel of this.#channels) {
      if (now < channel.due) continue;
      channel.due = Math.max(channel.due + channel.every, now - channel.every);
      this.#ring.keep(sampleOf(channel.index, channel.from, now));
    }
    if (!this.#stream) return;
    const next = this.#ring.next(now);
    if (next) this.#say({ type: "samples", boot: this.#boot, ...next });
    for (const axis of this.#axes) this.#lookAt(axis, now);
    if (now - this.#status >= STATUS_EVERY) this.#sendStatus(now);
  }

  #lookAt(axis: Axis, now: number): void {
    const { every, above, count, rate } = axis.settings;
    if (every > 0 && now - axis.lastTaken >= every * 1_000) this.#take(axis, count, rate, "scheduled");
    if (above === 0 || now - axis.lastLooked < THRESHOLD_EVERY) return;
    axis.lastLooked = now;
    const block = Array.from(axis.take(now, rate, THRESHOLD_SAMPLES));
    const mean = block.reduce((a, b) => a + b, 0) / block.length;
    const rms = Math.sqrt(block.reduce((a, b) => a + (b - mean) ** 2, 0) / block.length);
    if (rms * STEPS > above * axis.range) this.#take(axis, count, rate, "threshold");
  }

  #take(axis: Axis, count: number, rate: number, reason: MessageOf<"burst-start">["reason"]): void {
    const time = this.#now;
    const burst = (this.#burst + 1) & 0xff;
    this.#burst = burst;
    axis.lastTaken = time;
    const step = axis.range / STEPS;
    const wanted = Array.from(axis.take(time, rate, count), (g) => Math.round(g / step));
    const raw = Int16Array.from(wanted, (n) => Math.max(-STEPS, Math.min(STEPS, n)));
    const full = STEPS;
    this.#say({ type: "burst-start", burst, channel: axis.index, count, rate: rate * 1_000, time, full, reason });
    for (let offset = 0; offset < count; offset += CHUNK)
      this.#say({ type: "burst-chunk", burst, offset, raw: raw.slice(offset, offset + CHUNK) });
    const flags = wanted.some((n) => Math.abs(n) >= STEPS) ? BURST_SATURATED : 0;
    const duration = Math.round(((count - 1) / rate) * 1e6);
    this.#say({ type: "burst-end", burst, count, duration, flags });
  }

  #receive(piece: Uint8Array): void {
    for (const payload of this.#reader.read(piece)) {
      const message = decodeMessage(payload);
      if (message) this.#hear(message);
    }
  }

  #hear(message: Message): void {
    const now = this.#now;
    switch (message.type) {
      case "who":
        this.#ring.again(now);
        this.#hello();
        break;
      case "describe":
        this.#describe(message.index);
        break;
      case "ping":
        this.#say({ type: "pong", token: message.token, boot: this.#boot, received: now, sent: this.#now });
        break;
      case "ack":
        if (message.boot === this.#boot) this.#ring.acknowledged(message, now);
        break;
      case "set":
      case "get":
        this.#setting(message);
        break;
      case "burst":
        for (const axis of this.#axes)
          if (axis.index === message.channel) this.#take(axis, message.count, message.rate, "asked");
    }
  }

  #setting(message: MessageOf<"set" | "get">): void {
    const { key, channel } = message;
    const places = {
      "burst-every": "every",
      "burst-above": "above",
      "burst-count": "count",
      "burst-rate": "rate",
    } as const;
    const scalar = this.#channels[channel];
    const axis = this.#axes.find((a) => a.index === channel);
    let value = 0;
    let result: MessageOf<"setting">["result"] = "ok";
    if (key === "period" && scalar) {
      if (message.type === "set" && message.value >= 10) scalar.every = message.value;
      value = scalar.every;
    } else if (key !== "period" && key !== "debounce" && axis) {
      if (message.type === "set" && message.value >= 0) axis.settings[places[key]] = message.value;
      value = axis.settings[places[key]];
    } else result = "unknown-key";
    if (message.type === "set" && result === "ok" && value !== message.value) result = "out-of-range";
    this.#say({ type: "setting", key, channel, value, result });
  }

  #hello(): void {
    this.#say({
      type: "hello",
      version: PROTOCOL_VERSION,
      boot: this.#boot,
      cause: "power-on",
      brownouts: 0,
      time: this.#now,
      oldest: this.#ring.oldest,
      channels: this.#channels.length + this.#axes.length,
      id: this.#options.id,
      firmware: this.#options.firmware ?? "vigie-fake",
      release: this.#options.release ?? "1",
    });
  }

  #describe(index: number): void {
    const channel = this.#channels[index];
    const axis = this.#axes.find((a) => a.index === index);
    if (channel) {
      const { name, unit, kind = "gauge", resolution = 0.01 } = channel.from;
      this.#say({ type: "channel", index, kind, ...decimal(resolution), period: channel.every, name, unit });
    } else if (axis) {
      const scale = decimal(axis.range / STEPS);
      this.#say({ type: "channel", index, kind: "burst", ...scale, period: 0, name: axis.name, unit: "[g]" });
    }
  }

  #sendStatus(now: number): void {
    this.#status = now;
    const { lost, waiting, room } = this.#ring;
    const damaged = this.#reader.counts.damaged & 0xffff;
    this.#say({ type: "status", boot: this.#boot, time: now, lost, damaged, waiting, room });
  }

  #say(message: Message): void {
    this.#stream?.write(encodeFrame(encodeMessage(message)));
  }
}

function sampleOf(channel: number, from: FakeChannel, time: number): Sample {
  const value = from.value(time);
  if (typeof value === "string") return { channel, time, fault: value };
  const raw = Math.round(value / (from.resolution ?? 0.01));
  return Math.abs(raw) < 2 ** 31 ? { channel, time, raw } : { channel, time, fault: "out_of_range" };
}

/** A step as mantissa × 10^exponent. */
function decimal(step: number): { mantissa: number; exponent: number } {
  let exponent = 0;
  while (exponent > -9 && Math.abs(step * 10 ** -exponent - Math.round(step * 10 ** -exponent)) > 1e-9) exponent -= 1;
  return { mantissa: Math.round(step * 10 ** -exponent), exponent };
}
