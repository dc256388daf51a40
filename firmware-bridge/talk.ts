import { BurstAssembly, type RawBurst } from "./bursts.ts";
import { encodeFrame, FrameReader } from "./frame.ts";
import {
  ACK_GAP,
  CHANNELS_MAX,
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageOf,
  PROTOCOL_VERSION,
  type Sample,
  type SettingKey,
  type ToNode,
} from "./message.ts";
import { Pings } from "./timebase.ts";

/** A node as it described itself. */
export interface NodeDescription {
  hello: MessageOf<"hello">;
  channels: readonly MessageOf<"channel">[];
}

/** What has been saved of a node, and how fast its clock runs: kept by whoever must survive a restart. */
export interface NodeMark {
  boot: number;
  saved: number;
  drift: number;
}

/** A sample with its channel and its time by the gateway's monotonic clock. */
export interface DatedSample {
  channel: MessageOf<"channel">;
  at: number;
  sample: Sample;
}

/** Whoever listens to a node. */
export interface Hears {
  /** What an earlier session knew of this node. */
  mark(id: string): NodeMark | undefined;
  described(node: NodeDescription): void;
  /** Samples with sequence numbers up to `last`, in order, each once. False: no room now, the node shall keep them. */
  samples(samples: readonly DatedSample[], last: number, boot: number): boolean;
  burst(burst: RawBurst & { at: number }, channel: MessageOf<"channel">): void;
  setting(setting: MessageOf<"setting">): void;
  status(status: MessageOf<"status">): void;
}

const ASK_EVERY = 300;
const WHO_EVERY = 500;
/** After this long without a good frame a node counts as silent: several pings have gone unanswered. */
export const SILENT_AFTER = 4_000;

/**
 * One side of the conversation with one node: finds out who it is, keeps its clock, acknowledges its samples, puts bursts
 * together, sets settings until the node reads them back. Opens nothing and knows no clock: bytes and times are handed in.
 */
export class Talk {
  readonly counts = { lost: 0, repeated: 0, early: 0, unknown: 0, restarts: 0, refused: 0 };
  readonly reader = new FrameReader();
  readonly bursts = new BurstAssembly();
  readonly #send: (bytes: Uint8Array) => void;
  readonly #hears: Hears;
  #hello: MessageOf<"hello"> | undefined;
  #channels: MessageOf<"channel">[] = [];
  #described = false;
  #pings = new Pings();
  #saved = 0;
  #received = 0;
  readonly #wanted = new Map<string, { set: MessageOf<"set">; asked: number }>();
  #asked = Number.NEGATIVE_INFINITY;
  #heard = Number.NEGATIVE_INFINITY;

  constructor(send: (bytes: Uint8Array) => void, hears: Hears) {
    this.#send = send;
    this.#hears = hears;
  }

  get node(): NodeDescription | undefined {
    return this.#hello && this.#described ? { hello: this.#hello, channels: this.#channels } : undefined;
  }

  get drift(): number {
    return this.#pings.timebase.drift;
  }

  silent(at: number): boolean {
    return at - this.#heard > SILENT_AFTER;
  }

  /** Bytes came in. */
  receive(piece: Uint8Array, at: number): void {
    for (const payload of this.reader.read(piece)) {
      const message = decodeMessage(payload);
      if (message) this.#hear(message, at);
      else this.counts.unknown += 1;
    }
  }

  /** To be called some ten times a second. */
  tick(at: number): void {
    this.bursts.tick(at);
    if (!this.#hello || this.silent(at)) {
      if (at - this.#asked >= WHO_EVERY) this.#who(at);
      return;
    }
    if (!this.#described && at - this.#asked >= ASK_EVERY) this.#describe(at);
    const token = this.#pings.due(at);
    if (token !== undefined) this.say({ type: "ping", token });
    for (const wanted of this.#wanted.values()) {
      if (at - wanted.asked < ASK_EVERY) continue;
      wanted.asked = at;
      this.say(wanted.set);
      break;
    }
  }

  /** The wire was cut and is whole again. */
  reconnected(at: number): void {
    this.reader.reset();
    this.bursts.drop();
    this.#pings.forget();
    this.#who(at);
  }

  /** Everything up to `last` of that boot is on disk. */
  saved(boot: number, last: number): void {
    if (boot !== this.#hello?.boot || last <= this.#saved) return;
    this.#saved = last;
    this.#ack(0);
  }

  /** What was received but not saved is gone: the node shall send it again. */
  again(): void {
    this.#received = this.#saved;
    this.#ack(ACK_GAP);
  }

  /** Sets a setting, again and again until the node has read it back or refused it. */
  set(key: SettingKey, channel: number, value: number): void {
    const asked = Number.NEGATIVE_INFINITY;
    this.#wanted.set(`${key} ${channel}`, { set: { type: "set", key, channel, value }, asked });
  }

  say(message: ToNode): void {
    this.#send(encodeFrame(encodeMessage(message)));
  }

  #hear(message: Message, at: number): void {
    this.#heard = at;
    if ("boot" in message && message.type !== "hello" && message.boot !== this.#hello?.boot) {
      this.#stranger(at);
      return;
    }
    switch (message.type) {
      case "hello":
        this.#hearHello(message, at);
        break;
      case "channel":
        this.#hearChannel(message, at);
        break;
      case "samples":
        this.#hearSamples(message);
        break;
      case "pong":
        this.#pings.answered(message.token, message.received, message.sent, at);
        break;
      case "setting":
        this.#hearSetting(message);
        break;
      case "status":
        this.#hears.status(message);
        break;
      case "burst-start":
        this.bursts.start(message, at);
        break;
      case "burst-chunk":
        this.bursts.chunk(message, at);
        break;
      case "burst-end":
        this.#hearBurst(message);
        break;
      default:
        // Our own words: an echo on the wire, or two gateways on it.
        this.counts.unknown += 1;
    }
  }

  #hearHello(hello: MessageOf<"hello">, at: number): void {
    const known = this.#hello;
    const same = known?.id === hello.id && known.boot === hello.boot;
    this.#hello = hello;
    if (same && this.#described) {
      this.#skipTo(hello.oldest);
      return;
    }
    if (known?.id === hello.id && known.boot !== hello.boot) this.counts.restarts += 1;
    if (!same) this.#meet(hello);
    this.#describe(at);
  }

  /** A node that is new here, or has restarted: nothing that was known holds any longer but its mark. */
  #meet(hello: MessageOf<"hello">): void {
    const mark = this.#hears.mark(hello.id);
    this.#channels = [];
    this.#described = false;
    this.#pings = new Pings(mark?.drift);
    this.#saved = mark?.boot === hello.boot ? Math.max(mark.saved, hello.oldest - 1) : hello.oldest - 1;
    this.#received = this.#saved;
    this.bursts.drop();
    this.#wanted.clear();
  }

  #describe(at: number): void {
    const hello = this.#hello;
    if (!hello) return;
    this.#asked = at;
    const index = this.#channels.length;
    if (index < Math.min(hello.channels, CHANNELS_MAX)) {
      this.say({ type: "describe", index });
      return;
    }
    this.#described = true;
    this.#hears.described({ hello, channels: this.#channels });
  }

  #hearChannel(channel: MessageOf<"channel">, at: number): void {
    if (this.#described || channel.index !== this.#channels.length) return;
    this.#channels.push(channel);
    this.#describe(at);
  }

  #hearSamples(frame: MessageOf<"samples">): void {
    if (!this.#described || !this.#pings.timebase.ready) return;
    this.#skipTo(frame.oldest);
    const expected = this.#received + 1;
    if (frame.first > expected) {
      this.counts.early += frame.samples.length;
      this.#ack(ACK_GAP);
      return;
    }
    const fresh = frame.samples.slice(expected - frame.first);
    this.counts.repeated += frame.samples.length - fresh.length;
    const last = this.#received + fresh.length;
    if (
      fresh.length > 0 &&
      this.#hears.samples(
        fresh.flatMap((s) => this.#dated(s)),
        last,
        frame.boot,
      )
    )
      this.#received = last;
    this.#ack(0);
  }

  #dated(sample: Sample): DatedSample[] {
    const channel = this.#channels[sample.channel];
    const at = this.#pings.timebase.monotonicOf(sample.time);
    return channel && at !== undefined ? [{ channel, at, sample }] : [];
  }

  /** The node no longer has what comes before `oldest`. */
  #skipTo(oldest: number): void {
    if (oldest <= this.#received + 1) return;
    this.counts.lost += oldest - 1 - this.#received;
    this.#received = oldest - 1;
  }

  #hearBurst(end: MessageOf<"burst-end">): void {
    const burst = this.bursts.end(end);
    if (!burst) return;
    const channel = this.#channels[burst.channel];
    const at = this.#pings.timebase.monotonicOf(burst.time);
    if (channel && at !== undefined) this.#hears.burst({ ...burst, at }, channel);
  }

  #hearSetting(setting: MessageOf<"setting">): void {
    const name = `${setting.key} ${setting.channel}`;
    const wanted = this.#wanted.get(name);
    if (wanted && (setting.result !== "ok" || setting.value === wanted.set.value)) this.#wanted.delete(name);
    if (setting.result !== "ok") this.counts.refused += 1;
    this.#hears.setting(setting);
  }

  /** A boot that we do not know: it has restarted, and its hello was lost. */
  #stranger(at: number): void {
    if (at - this.#asked >= WHO_EVERY) this.#who(at);
  }

  #who(at: number): void {
    this.#asked = at;
    this.say({ type: "who", version: PROTOCOL_VERSION });
  }

  #ack(flags: number): void {
    const boot = this.#hello?.boot ?? 0;
    this.say({ type: "ack", boot, saved: this.#saved, received: this.#received, flags });
  }
}
