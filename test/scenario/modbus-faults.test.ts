import { expect, test } from "vitest";
import { VirtualLine, words } from "../sim/modbus/lane.ts";
import { InProcessWire, rightAnswer, sealed } from "../sim/modbus/wire.ts";

/** Rows of the fault table, on a whole serial line in virtual time. */
const device = (slave: number, count = 10) => ({
  id: `d${slave}`,
  slave,
  every: "1s",
  machine: `m${slave}`,
  signals: words(count),
});

test("two dead slaves of ten at 9600 baud leave the others at least 95 % of their planned rate", async () => {
  const units = Array.from({ length: 10 }, (_, i) => i + 1);
  const line = new VirtualLine({ baud: 9600, devices: units.map((unit) => device(unit)) });
  const dead = new Set<number>();
  line.wire.behave = (frame, right) => (dead.has(frame[0] ?? 0) ? undefined : { delay: 5, chunks: [right] });
  await line.pass(30_000);
  dead.add(3).add(7);
  const from = line.readings.length;
  await line.pass(300_000);
  const window = line.readings.slice(from);
  for (const unit of units) {
    const own = window.filter((r) => r.point === `m${unit}/r0`);
    expect(own.length).toBeGreaterThanOrEqual(0.95 * 300);
    expect(own.filter((r) => r.quality === "good").length).toBeGreaterThanOrEqual(dead.has(unit) ? 0 : 0.95 * 300);
  }
  expect(line.lines.filter((said) => said.includes("silent"))).toHaveLength(2);
  await line.stop();
});

test("two slaves of ten that were dead from the start cost the others nothing that shows", async () => {
  const units = Array.from({ length: 10 }, (_, i) => i + 1);
  const line = new VirtualLine({ baud: 9600, devices: units.map((unit) => device(unit)) });
  line.wire.behave = (frame, right) => ((frame[0] ?? 0) <= 2 ? undefined : { delay: 5, chunks: [right] });
  await line.pass(120_000);
  for (const unit of units.slice(2)) expect(line.of(`m${unit}/r0`, "good").length).toBeGreaterThanOrEqual(0.95 * 120);
  expect(line.of("m1/r0", "bad").length).toBeGreaterThanOrEqual(0.95 * 120);
  await line.stop();
});

test("1: a silent slave is bad at its usual pace, one line in the log, and comes back by itself", async () => {
  const line = new VirtualLine({ devices: [device(1)] });
  let dead = false;
  line.wire.behave = (_, right) => (dead ? undefined : { delay: 5, chunks: [right] });
  await line.pass(10_000);
  dead = true;
  await line.pass(60_000);
  expect(line.of("m1/r3", "bad").length).toBeGreaterThanOrEqual(58);
  expect(new Set(line.of("m1/r3", "bad").map((r) => r.quality === "bad" && r.why))).toEqual(new Set(["timeout"]));
  expect(line.lines.filter((said) => said.includes("silent"))).toEqual([
    expect.stringMatching(/^ligne-1: d1 silent \(no answer\); trying again in \d+ s$/),
  ]);
  dead = false;
  await line.pass(32_000);
  expect(line.readings.at(-1)?.quality).toBe("good");
  expect(line.lines.at(-1)).toBe("ligne-1: d1 answers again");
  await line.stop();
});

test("2: a slave slower than we expected is waited for as soon as its late answer was heard", async () => {
  const line = new VirtualLine({ devices: [device(1)] });
  line.wire.behave = (_, right) => ({ delay: 600, chunks: [right] });
  await line.pass(20_000);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(14);
  await line.stop();
});

test("2: a slave that has always taken 300 ms and takes 340 once is waited for", async () => {
  const line = new VirtualLine({ devices: [device(1)], retries: 0 });
  let asked = 0;
  line.wire.behave = (_, right) => ({ delay: ++asked % 100 === 0 ? 340 : 300, chunks: [right] });
  await line.pass(20_000);
  const from = line.readings.length;
  await line.pass(300_000);
  expect(line.readings.slice(from).filter(({ quality }) => quality !== "good")).toEqual([]);
  await line.stop();
});

test("2: a slave that takes 0.9 × the time-out is accepted and learned; the budget is computed anew, and what is left out is counted", async () => {
  const line = new VirtualLine({ devices: [device(1), device(2)], timeout: "1s" });
  line.wire.behave = (_, right) => ({ delay: 5, chunks: [right] });
  await line.pass(10_000);
  const skipped = () => line.meters.sum("readings_skipped_total");
  expect([skipped(), line.lane.advice]).toEqual([0, []]);
  line.wire.behave = (frame, right) => ({ delay: frame[0] === 1 ? 900 : 300, chunks: [right] });
  await line.pass(60_000);
  const from = line.readings.length;
  await line.pass(300_000);
  const window = line.readings.slice(from);
  expect(window.every((reading) => reading.quality === "good")).toBe(true);
  const [slow] = line.lane.devices();
  expect(Number(slow?.about.timeout_ms)).toBeGreaterThan(900);
  expect(slow?.about.response_p50_ms).toBeCloseTo(900, -1);
  // Together they take 1.2 s and more of every second.
  const taken = window.filter(({ point }) => point === "m1/r0").length;
  expect(taken).toBeGreaterThan(200);
  expect(taken).toBeLessThan(250);
  expect(skipped()).toBeGreaterThan(10 * 50);
  const said =
    /^ligne-1: The devices answer too slowly to be read that often: this plan needs 12\d % of the bus: .*\(d1 9\d %, d2 3\d %\)\.$/;
  expect(line.lines.filter((text) => said.test(text))).toHaveLength(1);
  expect(line.lane.advice).toHaveLength(1);
  // Fast again: the plan fits, and nothing is said any more.
  line.wire.behave = (_, right) => ({ delay: 5, chunks: [right] });
  await line.pass(600_000);
  expect(line.lane.advice).toEqual([]);
  await line.stop();
});

test("7: an echo of our own question is taken off, once it is known for what it is", async () => {
  const line = new VirtualLine({ devices: [device(1)] });
  line.wire.behave = (frame, right) => ({ delay: 0, chunks: [Buffer.concat([frame, right])] });
  await line.pass(10_000);
  expect(line.of("m1/r0", "bad")).toEqual([]);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(8);
  expect(line.lane.bus.echoes).toBe(true);
  await line.stop();
});

test("8: an answer in single bytes with pauses is put together; a cut one is none", async () => {
  const line = new VirtualLine({ devices: [device(1)] });
  let cut = false;
  line.wire.behave = (_, right) => ({
    delay: 5,
    chunks: [...(cut ? right.subarray(0, -3) : right)].map((b) => Buffer.from([b])),
  });
  await line.pass(5_000);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(3);
  cut = true;
  const before = line.readings.length;
  await line.pass(5_000);
  expect(line.readings.slice(before).some((r) => r.quality === "good")).toBe(false);
  expect(line.lane.bus.counts.cut).toBeGreaterThan(0);
  await line.stop();
});

test("10: another master's question makes the answer behind it worthless", async () => {
  const line = new VirtualLine({ devices: [device(1)], retries: 0 });
  const foreign = sealed(Buffer.from([1, 3, 0, 100, 0, 10, 0, 0]));
  line.wire.behave = (_, right) => ({ delay: 10, chunks: [right] });
  await line.pass(3_000);
  line.wire.behave = (_, right) => {
    line.timer.after(12, () => line.wire.say(foreign));
    return { delay: 40, chunks: [right] };
  };
  const before = line.readings.length;
  await line.pass(3_000);
  expect(line.readings.slice(before).some((r) => r.quality === "good")).toBe(false);
  expect(line.lane.bus.counts.masters).toBeGreaterThan(0);
  await line.stop();
});

test("9: two devices that answer as one are named, and the others go on", async () => {
  const line = new VirtualLine({ devices: [device(1), device(2)] });
  let asked = 0;
  line.wire.behave = (frame, right) => {
    if (frame[0] !== 1 || asked++ % 3 === 0) return { delay: 5, chunks: [right] };
    // Two answers at once: what comes through has the bits of both.
    return { delay: 5, chunks: [right.map((byte, i) => (i > 3 ? byte & (right[i - 1] ?? 0) & 0x5a : byte))] };
  };
  await line.pass(60_000);
  expect(line.lines).toContain("ligne-1: Two devices probably answer as 1: unplug one and change its slave id.");
  expect(line.of("m2/r0", "bad")).toEqual([]);
  await line.stop();
});

test.each([
  ["en", "ligne-1: Wrong baud rate or parity: try 9600 baud, then even parity."],
  ["fr", "ligne-1: Mauvaise vitesse ou parité : essayez 9600 bauds, puis la parité paire."],
] as const)("11: a wrong baud rate is guessed from the noise, said in the site's language, and nothing crashes: %s", async (language, advice) => {
  const line = new VirtualLine({ baud: 19_200, devices: [device(1)] }, language);
  line.wire.behave = (_, right) => ({ delay: 3, chunks: [Buffer.from(right.map((byte) => (byte * 7 + 3) & 0xfe))] });
  await line.pass(60_000);
  expect(line.lines).toContain(advice);
  expect(line.readings.some((r) => r.quality === "good")).toBe(false);
  expect(line.of("m1/r0", "bad").length).toBeGreaterThan(55);
  await line.stop();
});

test("3: a slave that answers everything late never gives one value too old", async () => {
  const line = new VirtualLine({ devices: [device(1, 1)], retries: 2 });
  line.wire.behave = (frame, right) => ({ delay: (frame.readUInt16BE(4) * 97) % 700, chunks: [right] });
  const seen: number[] = [];
  for (let second = 0; second < 60; second++) {
    await line.pass(1_000);
    for (const reading of line.readings.splice(0)) if (reading.quality === "good") seen.push(reading.value);
  }
  // The value is the number of the question; it can only rise.
  expect(seen.toSorted((a, b) => (a >> 8) - (b >> 8))).toEqual(seen);
  await line.stop();
});

test("22: an adapter that is open but stuck is opened anew, then reset once, then called by its name until it answers", async () => {
  const line = new VirtualLine({ devices: [device(1), device(2)] });
  await line.pass(5_000);
  line.wire.behave = () => undefined;
  const state = () => [
    line.wire.opened,
    line.resets,
    line.lane.advice.filter(({ en }) => en.includes("unplug")).length,
  ];
  const opened = async (times: number, limit: number) => {
    for (let second = 0; second < limit && line.wire.opened < times; second++) await line.pass(1_000);
  };
  await opened(2, 30);
  expect(state()).toEqual([2, 0, 0]);
  await opened(3, 90);
  expect(state()).toEqual([3, 1, 0]);
  expect(line.lines.at(-2)).toBe("ligne-1: /dev/x does not react any more: the adapter was reset over USB");
  await opened(4, 150);
  expect(state()).toEqual([4, 1, 1]);
  expect(line.lane.wire().advice[0]?.fr).toContain("débranchez l'adaptateur");
  expect(line.lines.filter((said) => said.includes("unplug the adapter"))).toHaveLength(1);
  // Ever more rarely, and never reset again in the same silence.
  await line.pass(3_600_000);
  expect(line.wire.opened).toBeLessThan(14);
  expect(line.resets).toBe(1);
  line.wire.behave = (_, right) => ({ delay: 5, chunks: [right] });
  await line.pass(32_000);
  expect(line.readings.slice(-10).every((r) => r.quality === "good")).toBe(true);
  expect(state().at(-1)).toBe(0);
  await line.stop();
});

test("the in-process slave answers as the specification says", () => {
  const frame = sealed(Buffer.from([17, 3, 0, 0x6b, 0, 3, 0, 0]));
  expect(rightAnswer(frame, 5)).toHaveLength(11);
  expect(InProcessWire.queue).toBe(8);
});
