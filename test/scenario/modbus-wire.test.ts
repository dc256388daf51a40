import { expect, test } from "vitest";
import { epochMs } from "../../gateway/core/time.ts";
import { decoder } from "../../gateway/drivers/modbus/decode.ts";
import { uniform } from "../noise.ts";
import { VirtualLine, words } from "../sim/modbus/lane.ts";
import { rightAnswer, sealed } from "../sim/modbus/wire.ts";

/** Rows 3 to 6, 14 and 15 of the fault table: what a wire does to frames, and what a device itself sends wrong. */
const device = (signals: object = words(10)) => ({ id: "d1", slave: 1, every: "1s", machine: "m1", signals });

/** The values of the in-process slave are the number of the question, low byte first: they can only rise. */
const wrongOnes = (line: VirtualLine): number => {
  let newest = -1;
  let wrong = 0;
  for (const reading of line.of("m1/r0", "good")) {
    const value = reading.quality === "good" ? (reading.value >> 8) | ((reading.value & 0xff) << 8) : 0;
    if (value < newest) wrong++;
    newest = value;
  }
  return wrong;
};

test("3: an answer 1.1 × too late is thrown away, and never taken for the answer to the next question", async () => {
  const line = new VirtualLine({ devices: [device()], retries: 0 });
  await line.pass(10_000);
  const good = line.of("m1/r0", "good").length;
  const patience = Number(line.lane.devices()[0]?.about.timeout_ms);
  let late = 0;
  line.wire.behave = (_, right) => ({ delay: late++ % 2 === 0 ? 1.1 * patience + 5 : 5, chunks: [right] });
  await line.pass(60_000);
  expect(line.lane.wire().strays.late).toBeGreaterThan(0);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(good);
  expect(wrongOnes(line)).toBe(0);
  await line.stop();
});

test("4: 1 to 50 bytes of garbage before or behind an answer cost that answer, not the next one", async () => {
  const next = uniform(4);
  const line = new VirtualLine({ devices: [device()], retries: 1 });
  await line.pass(5_000);
  const garbage = () => Buffer.from(Array.from({ length: 1 + Math.floor(next() * 50) }, () => next() * 256));
  line.wire.behave = (_, right) => {
    const luck = next();
    const chunks = luck < 0.15 ? [garbage(), right] : luck < 0.3 ? [right, garbage()] : [right];
    return { delay: 5, chunks: [Buffer.concat(chunks)] };
  };
  await line.pass(120_000);
  const { crc = 0, early = 0, foreign = 0 } = line.lane.wire().strays;
  expect(crc + early + foreign).toBeGreaterThan(20);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(70);
  expect(wrongOnes(line)).toBe(0);
  await line.stop();
});

test("5: one flipped bit in a thousand: refused by its CRC, asked again, not one wrong value", async () => {
  const next = uniform(5);
  const line = new VirtualLine({ devices: [device()], retries: 2 });
  await line.pass(5_000);
  line.wire.behave = (_, right) => {
    const bytes = Buffer.from(right);
    for (let bit = 0; bit < 8 * bytes.length; bit++)
      if (next() < 1e-3) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return { delay: 5, chunks: [bytes] };
  };
  await line.pass(250_000);
  expect(line.lane.wire().strays.crc).toBeGreaterThan(20);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(240);
  expect(wrongOnes(line)).toBe(0);
  await line.stop();
});

test("6: a frame with a right CRC but another unit, function, byte count or length is no answer", async () => {
  const line = new VirtualLine({ devices: [device()], retries: 0 });
  await line.pass(5_000);
  const good = line.of("m1/r0", "good").length;
  const lies = [
    (right: Buffer) => Buffer.from([2, ...right.subarray(1)]),
    (right: Buffer) => Buffer.from([1, 4, ...right.subarray(2)]),
    (right: Buffer) => Buffer.from([1, 3, 18, ...right.subarray(3)]),
    (right: Buffer) => Buffer.from([1, 3, 18, ...right.subarray(5)]),
    (right: Buffer) => Buffer.from([1, 0x84, 2, 0, 0, ...right.subarray(0, 0)]),
  ];
  let n = 0;
  line.wire.behave = (_, right) => ({ delay: 5, chunks: [sealed(lies[n++ % lies.length]?.(right) ?? right)] });
  await line.pass(60_000);
  expect(n).toBeGreaterThan(5);
  expect(line.of("m1/r0", "good").length).toBe(good);
  expect(line.lane.wire().strays.foreign).toBeGreaterThan(0);
  line.wire.behave = (frame) => ({ delay: 5, chunks: [rightAnswer(frame, 77)] });
  await line.pass(60_000);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(good);
  await line.stop();
});

test("14: a wrong register map brings values out of their range: bad with that reason, which no limit judges", async () => {
  const swapped = { at: 0, table: "holding", type: "f32", unit: "V", order: "CDAB", range: [100, 300] };
  const line = new VirtualLine({ devices: [device({ voltage: swapped, ...words(1, 5) })] });
  line.wire.behave = (frame) => {
    const right = rightAnswer(frame, 1);
    right.writeFloatBE(230.2, 3);
    return { delay: 5, chunks: [sealed(right)] };
  };
  await line.pass(10_000);
  expect(line.of("m1/voltage", "good")).toEqual([]);
  expect(line.of("m1/voltage").at(-1)).toMatchObject({ quality: "bad", why: expect.stringMatching(/range|number/) });
  expect(line.of("m1/r5").at(-1)?.quality).toBe("good");
  await line.stop();
});

test("15: NaN, infinity and subnormal numbers are bad with a reason, and never a number", () => {
  const meaning = {
    table: "holding",
    type: "f32",
    order: "ABCD",
    scale: 1,
    offset: 0,
    none: [],
    counter: false,
  } as const;
  const read = decoder("m1/x", meaning);
  for (const bits of [0x7fc00000, 0xffc00001, 0x7f800000, 0xff800000, 0x00000001, 0x807fffff]) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(bits);
    const reading = read(bytes, 0, epochMs(5));
    expect(reading).toEqual({ point: "m1/x", t: 5, quality: "bad", why: "not_a_number" });
    expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
  }
});
