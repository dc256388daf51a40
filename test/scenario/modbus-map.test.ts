import { expect, test } from "vitest";
import { VirtualLine, words } from "../sim/modbus/lane.ts";
import { sealed } from "../sim/modbus/wire.ts";

/** Rows 12 and 13 of the fault table: what devices refuse, each in its own way. */
const refusal = (frame: Buffer, exception: number): Buffer =>
  sealed(Buffer.from([frame[0] ?? 0, (frame[1] ?? 0) | 0x80, exception, 0, 0]));

test("12: a hole in the map is found by halving, named once, and takes no neighbour with it", async () => {
  const signals = { ...words(4), ...words(4, 20), ...words(1, 30) };
  const line = new VirtualLine({ devices: [{ id: "d", slave: 1, every: "1s", machine: "m", signals }] });
  const holes = (at: number, count: number) => [10, 22].some((hole) => at <= hole && at + count > hole);
  line.wire.behave = (frame, right) => {
    const refused = holes(frame.readUInt16BE(2), frame.readUInt16BE(4));
    return { delay: 5, chunks: [refused ? refusal(frame, 2) : right] };
  };
  await line.pass(10_000);
  for (const name of ["r0", "r3", "r20", "r21", "r23", "r30"]) expect(line.of(`m/${name}`, "bad"), name).toEqual([]);
  expect(line.of("m/r22", "good")).toEqual([]);
  expect(line.of("m/r22", "bad").length).toBeGreaterThan(8);
  expect(line.lines.filter((said) => said.includes("refuses"))).toEqual([
    "ligne-1: d refuses r22 (holding 22); leaving it out, trying again now and then, at least every 10 min",
  ]);
  // Every signal says one thing per poll, also in the one in which the hole was found.
  expect(line.of("m/r22").length).toBe(line.of("m/r0").length);
  const asked = line.wire.questions;
  await line.pass(10_000);
  expect(line.wire.questions - asked).toBeLessThanOrEqual(30);
  await line.stop();
});

test("12: what a device refuses is asked again, ever more rarely, told once, and forgotten when it answers or another one may be there", async () => {
  const signals = { ...words(4), ...words(4, 20) };
  const line = new VirtualLine({ devices: [{ id: "d", slave: 1, every: "1s", machine: "m", signals }] });
  let refusing: "everything" | "r22" | "more than two" | "nothing" | "dead" = "everything";
  line.wire.behave = (frame, right) => {
    const [at, count] = [frame.readUInt16BE(2), frame.readUInt16BE(4)];
    const isRefused = {
      everything: true,
      r22: at <= 22 && at + count > 22,
      "more than two": count > 2,
      nothing: false,
      dead: false,
    }[refusing];
    return refusing === "dead" ? undefined : { delay: 5, chunks: [isRefused ? refusal(frame, 2) : right] };
  };
  const missing = () =>
    Object.keys({ ...words(4), ...words(4, 20) }).filter((name) => line.of(`m/${name}`).at(-1)?.quality !== "good");
  // A controller that starts refuses all it has, and then has it.
  await line.pass(10_000);
  expect(missing()).toHaveLength(8);
  refusing = "r22";
  await line.pass(32_000);
  expect(missing()).toEqual(["r22"]);
  await line.pass(3_600_000);
  const own = [{ table: "holding", from: 22, to: 23 }];
  expect(line.holes.get("d")).toEqual(expect.arrayContaining(own));
  expect(line.holes.get("d")?.length).toBeLessThan(5);
  expect(line.lines.filter((said) => said.includes("refuses r22"))).toHaveLength(1);
  // It answers after all: no hole any more, and its neighbours are read with it again.
  refusing = "nothing";
  await line.pass(601_000);
  expect(missing()).toEqual([]);
  expect(line.holes.get("d")).not.toEqual(expect.arrayContaining(own));
  refusing = "more than two";
  await line.pass(5_000);
  expect([missing(), line.holes.get("d")?.length]).toEqual([[], 2]);
  refusing = "dead";
  await line.pass(120_000);
  expect(line.holes.get("d")?.length).toBe(2);
  // Two minutes of silence: it may have been exchanged.
  refusing = "nothing";
  await line.pass(32_000);
  expect(missing()).toEqual([]);
  expect(line.holes.get("d")).toEqual([]);
  // Two requests a second again, not three around the hole.
  const asked = line.wire.questions;
  await line.pass(10_000);
  expect(line.wire.questions - asked).toBeLessThanOrEqual(21);
  await line.stop();
});

test("13: a busy slave is asked once more, and is not counted as dead", async () => {
  const line = new VirtualLine({ devices: [{ id: "d1", slave: 1, every: "1s", machine: "m1", signals: words(10) }] });
  let asked = 0;
  line.wire.behave = (frame, right) => ({ delay: 5, chunks: [asked++ % 2 === 0 ? refusal(frame, 6) : right] });
  await line.pass(10_000);
  // Until it was heard for the first time nobody asks it twice.
  expect(line.of("m1/r0", "bad").length).toBeLessThanOrEqual(1);
  expect(line.of("m1/r0", "good").length).toBeGreaterThan(7);
  await line.stop();
});

test.each([
  ["in a gap between signals", 3, []],
  ["of a signal", 5, ["r5"]],
])("12: a device that keeps silent about an address %s, instead of refusing it, gives all others", async (_, mute, left) => {
  const signals = { ...words(2), ...words(1, 5), ...words(1, 7), ...words(1, 60) };
  const devices = [1, 2].map((slave) => ({ id: `d${slave}`, slave, every: "1s", machine: `m${slave}`, signals }));
  const line = new VirtualLine({ devices });
  line.wire.behave = (frame, right) => {
    const [at, count] = [frame.readUInt16BE(2), frame.readUInt16BE(4)];
    return frame[0] === 1 && at <= mute && at + count > mute ? undefined : { delay: 5, chunks: [right] };
  };
  await line.pass(120_000);
  const from = line.readings.length;
  await line.pass(600_000);
  const own = (name: string) => line.readings.slice(from).filter(({ point }) => point === `m1/${name}`);
  for (const name of Object.keys(signals)) {
    const good = own(name).filter(({ quality }) => quality === "good").length;
    expect(own(name).length, name).toBeGreaterThan(595);
    if (left.includes(name as never)) expect(good).toBe(0);
    else expect(good, name).toBeGreaterThan(570);
  }
  // Whoever shares the line pays next to nothing for it, and the log is not filled.
  expect(line.of("m2/r0", "good").length).toBeGreaterThan(0.97 * 720);
  expect(line.lines.filter((said) => /silent|again/.test(said)).length).toBeLessThan(8);
  await line.stop();
});
