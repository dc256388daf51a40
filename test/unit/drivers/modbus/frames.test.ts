import { expect, test } from "vitest";
import { epochMs } from "../../../../gateway/core/time.ts";
import { Frames } from "../../../../gateway/drivers/modbus/frames.ts";
import { VirtualLine, words } from "../../../sim/modbus/lane.ts";

const device = { id: "d1", slave: 1, every: "1s", machine: "m1", signals: words(2) };

test("the bus page sees question and answer byte by byte, with direction, time and verdict", async () => {
  const line = new VirtualLine({ baud: 9600, devices: [device] });
  await line.pass(2_500);
  const { frames, frames_total } = line.lane.wire();
  expect(frames_total).toBe(frames.length);
  const [asked, answered] = frames;
  expect(asked).toMatchObject({ n: 0, way: "out", verdict: "asked", hex: "010300000002c40b", length: 8 });
  expect(answered).toMatchObject({ n: 1, way: "in", verdict: "accepted", length: 9 });
  expect(answered?.hex).toMatch(/^010304/);
  expect((answered?.t ?? 0) - (asked?.t ?? 0)).toBeGreaterThan(15);
  await line.stop();
});

test("what was refused is kept with the reason", async () => {
  const line = new VirtualLine({ baud: 9600, devices: [device], retries: 0 });
  await line.pass(3_500);
  const spoilt: Buffer[] = [];
  line.wire.behave = (_, right) => {
    const bytes = Buffer.from(right);
    bytes[4] = (bytes[4] ?? 0) ^ 0xff;
    spoilt.push(bytes);
    return { delay: 5, chunks: [bytes] };
  };
  await line.pass(1_000);
  const last = line.lane.wire().frames.findLast((frame) => frame.way === "in");
  expect(last).toMatchObject({ verdict: "crc", hex: spoilt.at(-1)?.toString("hex") });
  expect(line.lane.wire().strays.crc).toBeGreaterThan(0);
  await line.stop();
});

test("the ring holds the newest 128 frames, says how many there were, and keeps endless noise short", () => {
  const frames = new Frames(() => 5);
  for (let i = 0; i < 300; i++) frames.add(Buffer.from([i >> 8, i & 0xff]), "crc");
  const kept = frames.list(epochMs(1_000));
  expect(kept).toHaveLength(128);
  expect([kept[0]?.n, kept.at(-1)?.n, frames.count]).toEqual([172, 299, 300]);
  expect(kept.at(-1)).toEqual({ n: 299, t: 1_000, way: "in", hex: "012b", length: 2, verdict: "crc" });
  frames.add(Buffer.alloc(600, 0x55), "crc");
  expect(frames.list(epochMs(0)).at(-1)).toMatchObject({ length: 600, hex: "55".repeat(260) });
});

test("each signal shows the period it really gets, and why it had no number", async () => {
  const signals = { ...words(1), slow: { at: 9, table: "holding", type: "u16", unit: "1", every: "5s" } };
  const line = new VirtualLine({ baud: 9600, devices: [{ ...device, signals }] });
  await line.pass(62_000);
  const of = (point: string) => line.lane.signals().find((signal) => signal.point === point);
  expect(of("m1/r0")).toMatchObject({ device: "d1", every: 1_000, errors: {} });
  expect(of("m1/r0")?.period_p50_ms).toBeCloseTo(1_000, -1);
  expect(of("m1/slow")?.period_p95_ms).toBeCloseTo(5_000, -1);
  line.wire.behave = () => undefined;
  await line.pass(20_000);
  expect(of("m1/r0")?.errors.timeout).toBeGreaterThanOrEqual(19);
  expect(of("m1/slow")?.errors.timeout).toBeGreaterThanOrEqual(3);
  const series = line.meters.all().filter(({ labels }) => labels.signal === "m1/r0");
  expect(series.map(({ name }) => name).sort()).toEqual([
    "signal_errors_total",
    "signal_period_p50_ms",
    "signal_period_p95_ms",
  ]);
  expect(series.find(({ name }) => name === "signal_period_p50_ms")?.value).toBeCloseTo(1_000, -1);
  await line.stop();
});

test("a signal that comes only every other time shows twice its period", async () => {
  const line = new VirtualLine({ baud: 9600, devices: [device], retries: 0 });
  await line.pass(5_000);
  line.wire.behave = (_, right) =>
    Math.floor(line.timer.now() / 1_000) % 2 ? undefined : { delay: 5, chunks: [right] };
  await line.pass(90_000);
  const [signal] = line.lane.signals();
  expect(signal?.period_p95_ms).toBeGreaterThan(1_500);
  await line.stop();
});

test("a device that fails to answer shows in its share of failed questions, and in the share of the bus", async () => {
  const line = new VirtualLine({ baud: 9600, devices: [device, { ...device, id: "d2", slave: 2, machine: "m2" }] });
  await line.pass(30_000);
  const gauge = (name: string, id: string) =>
    line.meters.all().find((series) => series.name === name && series.labels.device === id)?.value;
  expect(gauge("failed_questions_percent", "d2")).toBe(0);
  expect(gauge("bus_share_percent", "d1")).toBeGreaterThan(1);
  line.wire.behave = (frame, right) => (frame[0] === 2 ? undefined : { delay: 5, chunks: [right] });
  await line.pass(120_000);
  expect(gauge("failed_questions_percent", "d2")).toBe(100);
  expect(gauge("failed_questions_percent", "d1")).toBe(0);
  await line.stop();
});
