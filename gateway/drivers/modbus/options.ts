import { z } from "zod";
import { ID_PATTERN, ID_REASON, PLACE_REASON } from "../../core/point.ts";
import { reason } from "../../core/text.ts";
import { type Ms, parseDuration } from "../../core/time.ts";
import { isPort, PORT_REASON } from "../lib/pipe.ts";
import { orders, overridable } from "./profile.ts";

/** What a site file may say under `type: modbus`. */
const id = z.string().regex(ID_PATTERN, ID_REASON);

const duration = (low: Ms, high: Ms) => {
  const message = reason({
    fr: `une durée de ${low} ms à ${high / 1000} s, par exemple 500ms, 1s ou 5min`,
    en: `a time between ${low} ms and ${high / 1000} s, as in 500ms, 1s or 5min`,
  });
  return z.string().transform((written, ctx): Ms => {
    const ms = parseDuration(written);
    if (ms !== undefined && ms >= low && ms <= high) return ms;
    ctx.addIssue({ code: "custom", message });
    return z.NEVER;
  });
};

const every = duration(10, 86_400_000);

const place = z.string().regex(/^[a-z0-9_-]{1,64}(\/[a-z0-9_-]{1,64})?$/, PLACE_REASON);

const signal = z
  .strictObject({
    ...overridable,
    as: place,
    every,
    /** What 4 mA and 20 mA stand for. */
    span: z.tuple([z.number(), z.number()]),
  })
  .partial();
export type SignalOptions = z.output<typeof signal>;

const device = z.strictObject({
  id,
  profile: id.optional(),
  slave: z.int().min(0).max(255).optional(),
  every: every.prefault("1s"),
  machine: id.optional(),
  /** For signals that are written out here: 1 where the manual counts addresses from 1, and the word order of them all. */
  base: z.union([z.literal(0), z.literal(1)]).default(0),
  order: z.enum(orders).optional(),
  signals: z
    .union([
      z.array(id).min(1),
      z.record(
        id,
        signal.nullable().transform((s) => s ?? {}),
      ),
    ])
    .optional(),
  /** Coils or registers that alarms may write. Nothing else can be written. */
  outputs: z.record(id, z.union([z.strictObject({ coil: z.int().min(0).max(65_535) }), registerOutput()])).optional(),
});
export type DeviceOptions = z.output<typeof device>;

function registerOutput() {
  return z.strictObject({
    register: z.int().min(0).max(65_535),
    range: z.tuple([z.int().min(0).max(65_535), z.int().min(0).max(65_535)]),
  });
}

export const modbusOptions = z.strictObject({
  port: z
    .string()
    .regex(
      /^(\/|tcp:\/\/|rtu\+tcp:\/\/)/,
      reason({
        fr: "le chemin d'un port, tcp://hôte:502 ou rtu+tcp://hôte:port",
        en: "a device path, tcp://host:502 or rtu+tcp://host:port",
      }),
    )
    .refine(isPort, PORT_REASON),
  baud: z.int().min(300).max(1_000_000).default(9_600),
  parity: z.enum(["none", "even", "odd"]).default("none"),
  stop_bits: z.union([z.literal(1), z.literal(2)]).default(1),
  /** The longest wait for an answer; each device's own wait is learned below it. */
  timeout: duration(20, 30_000).prefault("1s"),
  retries: z.int().min(0).max(5).default(1),
  /** Modbus TCP only: connections to the same server; the devices are spread over them. */
  connections: z.int().min(1).max(16).default(1),
  devices: z.array(device).min(1).max(247),
});
export type ModbusOptions = z.output<typeof modbusOptions>;
