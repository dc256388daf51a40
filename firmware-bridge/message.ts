/**
 * What the frames say, version 1. One table gives the codes, the layouts and the TypeScript types; docs/node-protocol.md says
 * what each field means. Numbers are little-endian. A receiver ignores bytes behind the fields that it knows.
 */

export const PROTOCOL_VERSION = 1;
/** Channels have six bits of the byte that starts a sample. */
export const CHANNELS_MAX = 64;
export const ID_PATTERN = /^[a-z0-9_-]{1,32}$/;

const FAULT_FLAG = 0x80;
const SAMPLE_BYTES = 9;

export const kinds = ["gauge", "counter", "state", "burst"] as const;
export const causes = ["unknown", "power-on", "brown-out", "watchdog", "reset-pin", "software"] as const;
export const keys = ["period", "burst-every", "burst-above", "burst-count", "burst-rate", "debounce"] as const;
export const results = ["ok", "unknown-key", "out-of-range", "not-stored"] as const;
export const reasons = ["asked", "scheduled", "threshold"] as const;
/** The words of `gateway/core/fault.ts` that a sensor can say; the first one stands for codes of a later version. */
export const sensorFaults = [
  "unknown",
  "timeout",
  "crc",
  "sensor_open",
  "sensor_short",
  "no_sensor",
  "out_of_range",
  "saturated",
  "device",
] as const;

export type ChannelKind = (typeof kinds)[number];
export type SensorFault = (typeof sensorFaults)[number];
export type SettingKey = (typeof keys)[number];

/** One value of one channel, in raw steps, or why there is none. `time`: node milliseconds, 32 bits. */
export type Sample = { channel: number; time: number } & ({ raw: number } | { fault: SensorFault });

interface WireTypes {
  u8: number;
  u16: number;
  u32: number;
  i8: number;
  i32: number;
  id: string;
  text: string;
  kind: ChannelKind;
  cause: (typeof causes)[number];
  key: SettingKey;
  result: (typeof results)[number];
  reason: (typeof reasons)[number];
  samples: readonly Sample[];
  i16s: Int16Array;
}

type Layout = { code: number; fields: Readonly<Record<string, keyof WireTypes>> };

/** Codes below 0x80 go from node to gateway, the others from gateway to node. Lists stand last. */
export const layouts = {
  hello: {
    code: 0x01,
    fields: {
      version: "u8",
      boot: "u16",
      cause: "cause",
      brownouts: "u16",
      time: "u32",
      oldest: "u32",
      channels: "u8",
      id: "id",
      firmware: "text",
      release: "text",
    },
  },
  channel: {
    code: 0x02,
    fields: { index: "u8", kind: "kind", mantissa: "u32", exponent: "i8", period: "u32", name: "id", unit: "text" },
  },
  samples: { code: 0x03, fields: { boot: "u16", oldest: "u32", first: "u32", samples: "samples" } },
  pong: { code: 0x04, fields: { token: "u16", boot: "u16", received: "u32", sent: "u32" } },
  setting: { code: 0x05, fields: { key: "key", channel: "u8", value: "i32", result: "result" } },
  status: {
    code: 0x06,
    fields: { boot: "u16", time: "u32", lost: "u32", damaged: "u16", waiting: "u16", room: "u16" },
  },
  "burst-start": {
    code: 0x07,
    fields: { burst: "u8", channel: "u8", count: "u16", rate: "u32", time: "u32", full: "u16", reason: "reason" },
  },
  "burst-chunk": { code: 0x08, fields: { burst: "u8", offset: "u16", raw: "i16s" } },
  "burst-end": { code: 0x09, fields: { burst: "u8", count: "u16", duration: "u32", flags: "u8" } },
  who: { code: 0x81, fields: { version: "u8" } },
  describe: { code: 0x82, fields: { index: "u8" } },
  ack: { code: 0x83, fields: { boot: "u16", saved: "u32", received: "u32", flags: "u8" } },
  ping: { code: 0x84, fields: { token: "u16" } },
  set: { code: 0x85, fields: { key: "key", channel: "u8", value: "i32" } },
  get: { code: 0x86, fields: { key: "key", channel: "u8" } },
  burst: { code: 0x87, fields: { channel: "u8", count: "u16", rate: "u16" } },
} as const satisfies Record<string, Layout>;

export type MessageType = keyof typeof layouts;
export type MessageOf<T extends MessageType> = {
  [K in T]: { type: K } & {
    -readonly [F in keyof (typeof layouts)[K]["fields"]]: (typeof layouts)[K]["fields"][F] extends keyof WireTypes
      ? WireTypes[(typeof layouts)[K]["fields"][F]]
      : never;
  };
}[T];
export type Message = MessageOf<MessageType>;
export type FromNode = MessageOf<
  "hello" | "channel" | "samples" | "pong" | "setting" | "status" | "burst-start" | "burst-chunk" | "burst-end"
>;
export type ToNode = MessageOf<"who" | "describe" | "ack" | "ping" | "set" | "get" | "burst">;

/** Bit 0 of an ack: a frame is missing, send again from behind `received`. */
export const ACK_GAP = 1;
/** Bits of a burst's end: a sample touched the end of the range; the node could not keep pace and gave up. */
export const BURST_SATURATED = 1;
export const BURST_BROKEN = 2;

export function encodeMessage(message: Message): Uint8Array {
  const { code, fields } = layouts[message.type];
  const bytes = [code];
  const values: Readonly<Record<string, unknown>> = message;
  for (const [field, type] of Object.entries(fields)) wire[type].put(bytes, values[field]);
  return Uint8Array.from(bytes);
}

/** The message in a payload, or undefined where it is none that we know or one of its fields is impossible. */
export function decodeMessage(payload: Uint8Array): Message | undefined {
  const type = typeOfCode.get(payload[0] ?? 0);
  if (!type) return undefined;
  const reader = new ByteReader(payload);
  const message: Record<string, unknown> = { type };
  for (const [field, wireType] of Object.entries(layouts[type].fields)) message[field] = wire[wireType].get(reader);
  // Every field has just been read by the layout that also makes the type.
  return reader.failed ? undefined : (message as unknown as Message);
}

const typeOfCode: ReadonlyMap<number, MessageType> = new Map(
  (Object.keys(layouts) as MessageType[]).map((type) => [layouts[type].code, type]),
);

/** Reads on past the end as zeros and remembers that it failed, so that no field needs a check of its own. */
class ByteReader {
  failed = false;
  readonly #view: DataView;
  #at = 1;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  number(bytes: 1 | 2 | 4, signed: boolean): number {
    if (this.left < bytes) {
      this.failed = true;
      return 0;
    }
    const at = this.#at;
    this.#at += bytes;
    if (bytes === 1) return signed ? this.#view.getInt8(at) : this.#view.getUint8(at);
    if (bytes === 2) return signed ? this.#view.getInt16(at, true) : this.#view.getUint16(at, true);
    return signed ? this.#view.getInt32(at, true) : this.#view.getUint32(at, true);
  }

  text(pattern: RegExp): string {
    const length = this.number(1, false);
    let words = "";
    for (let i = 0; i < length && !this.failed; i++) words += String.fromCharCode(this.number(1, false));
    if (!pattern.test(words)) this.failed = true;
    return words;
  }
}

interface WireType {
  put(bytes: number[], value: unknown): void;
  get(reader: ByteReader): unknown;
}

const integer = (bytes: 1 | 2 | 4, signed: boolean): WireType => ({
  put: (out, value) => {
    for (let i = 0; i < bytes; i++) out.push((Number(value) >> (8 * i)) & 0xff);
  },
  get: (reader) => reader.number(bytes, signed),
});

const words = (pattern: RegExp): WireType => ({
  put: (out, value) => {
    const text = String(value);
    if (!pattern.test(text)) throw new RangeError(`"${text}" cannot be sent: it must match ${pattern.source}`);
    out.push(text.length, ...Array.from(text, (letter) => letter.charCodeAt(0)));
  },
  get: (reader) => reader.text(pattern),
});

/** A word by its place in a list. `fallback`: what a number of a later version is taken for; without one the message is refused. */
const word = (list: readonly string[], fallback?: string): WireType => ({
  put: (out, value) => out.push(list.indexOf(String(value))),
  get: (reader) => {
    const known = list[reader.number(1, false)] ?? fallback;
    if (known === undefined) reader.failed = true;
    return known;
  },
});

const samples: WireType = {
  put: (out, value) => {
    for (const sample of value as readonly Sample[]) {
      const bad = "fault" in sample;
      out.push(sample.channel | (bad ? FAULT_FLAG : 0));
      wire.u32.put(out, sample.time);
      wire.i32.put(out, bad ? sensorFaults.indexOf(sample.fault) : sample.raw);
    }
  },
  get: (reader) => {
    const list: Sample[] = [];
    if (reader.left === 0 || reader.left % SAMPLE_BYTES !== 0) reader.failed = true;
    while (reader.left > 0 && !reader.failed) {
      const head = reader.number(1, false);
      const at = { channel: head & (CHANNELS_MAX - 1), time: reader.number(4, false) };
      const raw = reader.number(4, true);
      list.push(head & FAULT_FLAG ? { ...at, fault: sensorFaults[raw] ?? "unknown" } : { ...at, raw });
    }
    return list;
  },
};

const i16s: WireType = {
  put: (out, value) => {
    for (const raw of value as Int16Array) out.push(raw & 0xff, (raw >> 8) & 0xff);
  },
  get: (reader) => {
    if (reader.left === 0 || reader.left % 2 !== 0) reader.failed = true;
    return Int16Array.from({ length: reader.left >> 1 }, () => reader.number(2, true));
  },
};

const wire: Readonly<Record<keyof WireTypes, WireType>> = {
  u8: integer(1, false),
  u16: integer(2, false),
  u32: integer(4, false),
  i8: integer(1, true),
  i32: integer(4, true),
  id: words(ID_PATTERN),
  text: words(/^[\x20-\x7e]{0,32}$/),
  kind: word(kinds),
  cause: word(causes, "unknown"),
  key: word(keys),
  result: word(results),
  reason: word(reasons, "asked"),
  samples,
  i16s,
};
