import fc from "fast-check";
import { expect, test } from "vitest";
import { pointId } from "../../../../gateway/core/point.ts";
import type { Reading } from "../../../../gateway/core/reading.ts";
import { epochMs } from "../../../../gateway/core/time.ts";
import { Counter } from "../../../../gateway/drivers/modbus/counter.ts";
import { decoder, type Meaning } from "../../../../gateway/drivers/modbus/decode.ts";
import { type NumberType, type Order, orders, wordsOf } from "../../../../gateway/drivers/modbus/profile.ts";
import { rawReader, rawText, writeRaw } from "../../../../gateway/drivers/modbus/raw.ts";

const plain: Meaning = { table: "holding", type: "u16", order: "ABCD", scale: 1, offset: 0, none: [], counter: false };

const reading = (meaning: Partial<Meaning>, hex: string, counter?: Counter): Reading =>
  decoder(pointId("m", "s"), { ...plain, ...meaning }, counter)(
    Buffer.from(hex.replaceAll(" ", ""), "hex"),
    0,
    epochMs(7),
  );

const value = (meaning: Partial<Meaning>, hex: string): number | string => {
  const got = reading(meaning, hex);
  return got.quality === "good" ? got.value : got.why;
};

const known: readonly [type: NumberType, order: Order, hex: string, value: number][] = [
  ["u16", "ABCD", "FF 38", 65_336],
  ["s16", "ABCD", "FF 38", -200],
  ["s16", "BADC", "38 FF", -200],
  ["u8hi", "ABCD", "12 34", 0x12],
  ["u8lo", "ABCD", "12 34", 0x34],
  ["f16", "ABCD", "3C 00", 1],
  ["f16", "ABCD", "C1 00", -2.5],
  ["u32", "ABCD", "00 01 00 02", 65_538],
  ["u32", "CDAB", "00 02 00 01", 65_538],
  ["s32", "DCBA", "FE FF FF FF", -2],
  ["f32", "ABCD", "43 66 33 34", 230.20001220703125],
  ["f32", "CDAB", "33 34 43 66", 230.20001220703125],
  ["f32", "BADC", "66 43 34 33", 230.20001220703125],
  ["f32", "DCBA", "34 33 66 43", 230.20001220703125],
  ["u64", "ABCD", "00 00 00 01 00 00 00 02", 4_294_967_298],
  ["u64", "CDAB", "00 02 00 00 00 01 00 00", 4_294_967_298],
  ["s64", "ABCD", "FF FF FF FF FF FF FF FE", -2],
  ["f64", "ABCD", "40 6C C6 66 66 66 66 66", 230.2],
  ["f64", "DCBA", "66 66 66 66 66 C6 6C 40", 230.2],
];

test.each(known)("%s %s of %s is %d", (type, order, hex, expected) => {
  expect(rawReader(type, order)(Buffer.from(hex.replaceAll(" ", ""), "hex"), 0)).toBe(expected);
});

const integers: Partial<Record<NumberType, [number, number]>> = {
  u8hi: [0, 255],
  u8lo: [0, 255],
  u16: [0, 65_535],
  s16: [-32_768, 32_767],
  u32: [0, 2 ** 32 - 1],
  s32: [-(2 ** 31), 2 ** 31 - 1],
  u64: [0, Number.MAX_SAFE_INTEGER],
  s64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

test("what was written in any type and order at any place is read back", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.entries(integers)),
      fc.constantFrom(...orders),
      fc.nat(6),
      fc.double({ min: 0, max: 1, noNaN: true }),
      ([name, [low, high]], order, place, share) => {
        const type = name as NumberType;
        const number = Math.round(low + share * (high - low));
        const bytes = Buffer.alloc(2 * place + 2 * wordsOf[type]);
        writeRaw(type, order, number, bytes, 2 * place);
        return Object.is(rawReader(type, order)(bytes, 2 * place) + 0, number + 0);
      },
    ),
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true }), fc.constantFrom(...orders), (number, order) => {
      const bytes = Buffer.alloc(4);
      writeRaw("f32", order, number, bytes, 0);
      return Object.is(rawReader("f32", order)(bytes, 0), number);
    }),
  );
});

test("every half float goes there and back", () => {
  const bytes = Buffer.alloc(2);
  for (let bits = 0; bits < 65_536; bits++) {
    bytes.writeUInt16BE(bits);
    const number = rawReader("f16", "ABCD")(bytes, 0);
    if (Number.isNaN(number)) continue;
    writeRaw("f16", "ABCD", number, bytes, 0);
    expect(bytes.readUInt16BE()).toBe(bits);
  }
});

test("a scaled value shows no digits that the device did not send", () => {
  expect(value({ scale: 0.1 }, "08 FE")).toBe(230.2);
  expect(value({ scale: 0.1, offset: -40 }, "08 FE")).toBe(190.2);
});

test("bits of a register", () => {
  expect(value({ bits: [3, 3] }, "00 08")).toBe(1);
  expect(value({ bits: [4, 7] }, "0F A0")).toBe(10);
  expect(value({ type: "u32", bits: [30, 31] }, "C0 00 00 00")).toBe(3);
});

test("15: NaN, infinity and subnormals are no measurements", () => {
  for (const hex of ["7F C0 00 00", "7F 80 00 00", "FF 80 00 00", "00 00 00 01", "00 00 43 66"])
    expect(value({ type: "f32" }, hex), hex).toBe("not_a_number");
  expect(value({ type: "f32" }, "00 00 00 00")).toBe(0);
});

test("a device's own word for 'no sensor' is not a temperature of -3276.8 degrees", () => {
  expect(value({ type: "s16", scale: 0.1, none: [-32_768] }, "80 00")).toBe("no_sensor");
});

test("14: a value that the sensor cannot have is refused", () => {
  expect(value({ scale: 0.1, range: [-40, 125] }, "75 30")).toBe("out_of_range");
});

const loop = (uA: number) =>
  reading({ span: { low: 0, high: 16, milliamps: 0.001 } }, uA.toString(16).padStart(4, "0"));

test.each([
  [4_000, { quality: "good", value: 0 }],
  [12_000, { quality: "good", value: 8 }],
  [20_000, { quality: "good", value: 16 }],
  [3_900, { quality: "good", value: -0.1 }],
  [3_700, { quality: "uncertain", why: "saturated" }],
  [20_700, { quality: "uncertain", why: "saturated" }],
  [3_599, { quality: "bad", why: "sensor_open" }],
  [0, { quality: "bad", why: "sensor_open" }],
  [21_001, { quality: "bad", why: "sensor_short" }],
])("a loop current of %d µA", (uA, expected) => {
  expect(loop(uA)).toMatchObject(expected);
});

test("text is cut from its padding, one or two characters to a word", () => {
  expect(rawText(Buffer.from("\0S\0O\0C\0O"), 0, 4, "ABCD")).toBe("SOCO");
  expect(rawText(Buffer.from("SDM120\0\0"), 0, 4, "ABCD")).toBe("SDM120");
  expect(rawText(Buffer.from("DS1M02"), 0, 3, "BADC")).toBe("SDM120");
});

test("16: a 16-bit counter that rolls over goes on rising; 17: one that was reset starts again", () => {
  const events: string[] = [];
  const counter = new Counter(65_536, 0, (event, offset) => events.push(`${event} ${offset}`));
  expect([65_000, 65_500, 100, 40_000].map((raw) => counter.count(raw))).toEqual([65_000, 65_500, 65_636, 105_536]);
  expect(counter.count(3)).toBe(3);
  expect(counter.count(10)).toBe(10);
  expect(events).toEqual(["rolled_over 65536", "reset 0"]);
});

test("a counter goes on from where it was before a restart", () => {
  expect(new Counter(65_536, 131_072).count(5)).toBe(131_077);
});
