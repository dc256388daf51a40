import { z } from "zod";
import { ID_PATTERN, ID_REASON } from "../../core/point.ts";
import { reason, sameText, type Text } from "../../core/text.ts";
import { ucum } from "../../core/unit.ts";

/**
 * What `config/profiles/<model>.yaml` may say: one device model, as facts. Everything that a signal of a site file may
 * override is in `signalFields`.
 */
export const tables = ["coil", "discrete", "holding", "input"] as const;
export type Table = (typeof tables)[number];

/** The function code that reads each table. There is no other way to read. */
export const readCode = { coil: 1, discrete: 2, holding: 3, input: 4 } as const satisfies Record<Table, number>;

export const isBits = (table: Table): boolean => table === "coil" || table === "discrete";

/** Registers each type takes (a `bit` of a coil table takes one bit). */
export const wordsOf = {
  bit: 1,
  u8hi: 1,
  u8lo: 1,
  u16: 1,
  s16: 1,
  f16: 1,
  u32: 2,
  s32: 2,
  f32: 2,
  u64: 4,
  s64: 4,
  f64: 4,
  ascii: 1,
} as const;
export type NumberType = Exclude<keyof typeof wordsOf, "ascii">;
export type ValueType = keyof typeof wordsOf;

/** `ABCD`: most significant byte first. `CDAB`: words swapped. `BADC`: bytes swapped in each word. `DCBA`: both. Wider types alike. */
export const orders = ["ABCD", "CDAB", "BADC", "DCBA"] as const;
export type Order = (typeof orders)[number];

const types = Object.keys(wordsOf) as [ValueType, ...ValueType[]];
const id = z.string().regex(ID_PATTERN, ID_REASON);
const address = z.int().min(0).max(65_535);
const interval = z
  .tuple([z.number(), z.number()])
  .refine(
    ([low, high]) => low < high,
    reason({ fr: "le premier doit être le plus petit", en: "the first must be the smaller" }),
  );
const text = z
  .union([z.string(), z.strictObject({ fr: z.string(), en: z.string() })])
  .transform((written): Text => (typeof written === "string" ? sameText(written) : written));

const LABELS_REASON = reason({
  fr: "la clé d'un libellé est le nombre qu'il traduit",
  en: "labels are keyed by the number they stand for",
});

const signalShape = {
  at: address,
  type: z.enum(types),
  table: z.enum(tables),
  order: z.enum(orders),
  /** Characters of an `ascii` value come two to a word; `words` says how many. */
  words: z.int().min(1).max(60),
  /** Which bit of a register (0 is the lowest), or which run of bits, low and high. */
  bit: z.int().min(0).max(15),
  bits: z.tuple([z.int().min(0).max(63), z.int().min(0).max(63)]),
  scale: z.number(),
  offset: z.number(),
  unit: z.string().transform(ucum),
  kind: z.enum(["gauge", "counter", "state"]),
  range: interval,
  /** What a healthy installation shows; used when commissioning, never to judge a reading. */
  expect: interval,
  /** Raw values that mean "nothing there". */
  none: z.array(z.number()).max(8),
  /** The raw value after which a counter starts again at 0, where that is not the end of its type. */
  wraps: z.number().positive(),
  labels: z.record(z.string().regex(/^\d+$/, LABELS_REASON), text),
  title: text,
} as const;

const signalFields = z.strictObject(signalShape).partial();
export type SignalFields = z.output<typeof signalFields>;
export const overridable = signalShape;

/** A register that tells this model from others. */
const signature = z.strictObject({
  table: z.enum(tables),
  at: address,
  type: z.enum(types),
  order: z.enum(orders).optional(),
  words: z.int().min(1).max(60).optional(),
  scale: z.number().optional(),
  /** `slave`: the slave's own id. */
  equals: z.union([z.string(), z.number()]).optional(),
  between: interval.optional(),
});
export type Signature = z.output<typeof signature>;

const hex = z
  .string()
  .regex(
    /^([0-9a-fA-F]{2}\s?)+$/,
    reason({ fr: "des octets comme `01 04 02 00 FA`", en: "bytes as in `01 04 02 00 FA`" }),
  );

export const profileSchema = z.strictObject({
  vendor: z.string(),
  model: z.string(),
  kind: z.string(),
  verified: z.enum(["two", "two_partial", "one", "conflict", "weak"]),
  sources: z.array(z.string()).min(1),
  notes: text.optional(),
  defaults: z.strictObject({
    slave: z.int().min(0).max(247),
    baud: z.int(),
    parity: z.enum(["none", "even", "odd"]),
    stop_bits: z.union([z.literal(1), z.literal(2)]),
    /** True where a manual says so, false where it is only what people remember. */
    documented: z.boolean().default(false),
  }),
  read: z
    .strictObject({
      table: z.enum(tables).optional(),
      order: z.enum(orders).default("ABCD"),
      /** Most registers (or bits) that one request may ask for. */
      max: z.int().min(1).max(2000).optional(),
      /** Most unwanted registers to read across; 0 where the map has holes that the device refuses. */
      gap: z.int().min(0).optional(),
      /** 1 where the addresses below are printed one higher than what goes over the wire. */
      base: z.union([z.literal(0), z.literal(1)]).default(0),
      /** What the device needs between two questions, in ms. */
      pause: z.int().min(0).max(1000).default(0),
    })
    .prefault({}),
  signals: z.record(id, signalFields.required({ at: true, type: true })),
  outputs: z.record(id, z.strictObject({ coil: address })).optional(),
  identify: z.array(signature).optional(),
  /** Frames as seen on a wire, and what they say. */
  sample: z
    .array(z.strictObject({ ask: hex, answer: hex, gives: z.record(id, z.union([z.number(), z.string()])) }))
    .optional(),
  /** How the slave id is changed: `vigie scan --write-id`. */
  write_id: z
    .strictObject({
      at: address,
      /** Registers to write before (unlock) and after (save), as [address, value]. */
      before: z.array(z.tuple([address, address])).default([]),
      after: z.array(z.tuple([address, address])).default([]),
    })
    .optional(),
});

export type Profile = z.output<typeof profileSchema>;
