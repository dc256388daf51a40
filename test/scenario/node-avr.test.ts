import { afterAll, beforeAll, expect, test } from "vitest";
import type { RawBurst } from "../../firmware-bridge/bursts.ts";
import { Link } from "../../firmware-bridge/link.ts";
import { type DatedSample, type NodeDescription, Talk } from "../../firmware-bridge/talk.ts";
import { describeWith } from "../need.ts";
import { type Built, buildChip, Chip } from "../sim/avr/chip.ts";
import { clock, DriverBench, until } from "../unit/drivers/node/bench.ts";

/** `npm run test:node-long` pulls the cable for a whole minute. */
const CUT = Number(process.env.VIGIE_NODE_CUT ?? 20) * 1_000;
const SECONDS = 1_000;

const site = (port: string, every: Record<string, string> = {}, bursts: object = {}) => ({
  port,
  nodes: [
    {
      id: ID,
      machine: "tour-2",
      channels: {
        temp: { unit: "Cel", every: every.temp },
        current: { unit: "A", every: every.current },
        pulses: { unit: "1", kind: "counter", every: every.pulses },
        speed: { unit: "/min", every: every.speed },
        volts: { unit: "V", every: every.volts },
        amps: { unit: "A", every: every.amps },
        shake: { unit: "g", every: every.shake },
      },
      bursts,
    },
  ],
});

const ID = "noeud-avr";

let built: Built;
const closers: (() => unknown)[] = [];

beforeAll(() => {
  built = buildChip();
}, 120_000);

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

async function plugIn(seed: number): Promise<{ chip: Chip; port: string }> {
  const chip = new Chip(built, seed);
  closers.push(() => chip.stop());
  return { chip, port: await chip.name(ID) };
}

function drive(options: unknown, cells?: Map<string, unknown>): DriverBench {
  const bench = new DriverBench(options, cells);
  closers.push(() => bench.stop());
  return bench;
}

/** A conversation with a node, as the driver has it, and everything it heard. */
function converse(port: string) {
  const heard = { hellos: [] as NodeDescription["hello"][], bursts: [] as RawBurst[], dated: [] as DatedSample[] };
  const talk: Talk = new Talk((bytes) => link.send(bytes), {
    mark: () => undefined,
    described: ({ hello }) => heard.hellos.push(hello),
    samples: (samples) => heard.dated.push(...samples) > 0,
    burst: (burst) => heard.bursts.push(burst),
    setting: () => undefined,
    status: () => undefined,
  });
  const abort = new AbortController();
  const link = new Link({
    port,
    onBytes: (piece) => talk.receive(piece, performance.now()),
    onState: (down) => down === undefined && talk.reconnected(performance.now()),
  });
  const timer = setInterval(() => talk.tick(performance.now()), 20);
  const linked = link.run(abort.signal);
  closers.push(() => {
    abort.abort();
    clearInterval(timer);
    return linked;
  });
  return { talk, ...heard, type: (words: string) => link.send(new TextEncoder().encode(words)) };
}

const good = (bench: DriverBench, signal: string) =>
  bench.readings.filter((r) => r.point === `tour-2/${signal}` && r.quality === "good");

const meter = (bench: DriverBench, name: string, kind: string): number =>
  bench.meters.all().find((m) => m.name === name && m.labels.kind === kind)?.value ?? Number.NaN;

/**
 * The pulse counter is sampled at a fixed pace while 4 pulses a second come: every sample must be there, once; in order and at
 * its time where the machine was quick enough for the simulated chip to keep time itself.
 */
async function expectUnbroken(bench: DriverBench, chip: Chip, period: number): Promise<void> {
  const lag = await chip.lag;
  const calm = lag < 100;
  const samples = good(bench, "pulses").map((r) => ({ at: r.at, value: r.quality === "good" ? r.value : 0 }));
  if (!calm) samples.sort((a, b) => a.value - b.value);
  const perSample = (4 * period) / SECONDS;
  for (const [i, sample] of samples.entries()) {
    const before = samples[i - 1];
    if (!before) continue;
    expect(Math.abs(sample.value - before.value - perSample)).toBeLessThanOrEqual(1);
    if (calm) expect(Math.abs(sample.at - before.at - period)).toBeLessThan(30 + 2 * lag);
  }
  expect(meter(bench, "node_samples_total", "lost")).toBe(0);
}

describeWith(["avr-gcc", "simavr", "gcc"], "the reference node on an ATmega328P", () => {
  test("every sensor's value arrives, and a broken sensor is a fault", async () => {
    const { chip, port } = await plugIn(1);
    const bench = drive(site(port));
    const last = (signal: string) => good(bench, signal).at(-1);
    await until(
      "all seven",
      () => ["temp", "current", "pulses", "speed", "volts", "amps", "shake"].every(last),
      15_000,
    );
    expect(last("temp")).toMatchObject({ value: 21.5 });
    expect(last("volts")).toMatchObject({ value: 12 });
    expect(last("amps")).toMatchObject({ value: 0.25 });
    expect(last("speed")).toMatchObject({ value: expect.closeTo(1500, 0) });
    expect(last("current")).toMatchObject({ value: expect.closeTo(10, 0) });
    expect(last("shake")).toMatchObject({ value: expect.closeTo(0.5 / Math.SQRT2, 1) });
    const why = (signal: string, fault: string) =>
      until(
        `${signal} ${fault}`,
        () => bench.readings.some((r) => r.point === `tour-2/${signal}` && r.quality === "bad" && r.why === fault),
        15_000,
      );
    chip.tell("set thermometer 2");
    chip.tell("set clamp 0");
    await why("temp", "no_sensor");
    await why("current", "sensor_open");
    expect(good(bench, "temp").every((r) => r.quality === "good" && r.value === 21.5)).toBe(true);
  }, 200_000);

  test("a burst at 3200 Hz comes whole; one that a reset cuts short is dropped, and the next one comes", async () => {
    const { chip, port } = await plugIn(3);
    const { talk, hellos, bursts, dated } = converse(port);
    const ask = () => talk.say({ type: "burst", channel: 9, count: 4096, rate: 3200 });
    await until("the node", () => talk.node !== undefined);
    await until("its clock", () => dated.length > 0);
    const frames = talk.reader.counts.good;
    ask();
    await until("a third of the burst", () => talk.reader.counts.good > frames + 60);
    chip.tell("reset");
    await until("the new boot", () => hellos.length === 2);
    expect(hellos[1]).toMatchObject({ boot: (hellos[0]?.boot ?? 0) + 1, cause: "reset-pin" });
    expect(bursts).toEqual([]);
    expect(talk.bursts.counts.dropped).toBe(1);
    const before = dated.length;
    await until("its clock, learned anew", () => dated.length > before);
    // A chip that a busy machine holds up may miss samples; the node says so, and whoever wants the burst asks again.
    let asked = 0;
    await until("the whole burst", () => {
      if (talk.bursts.counts.dropped >= asked + 1) {
        asked = talk.bursts.counts.dropped;
        ask();
      }
      return bursts.length === 1;
    });
    const raw = bursts[0]?.raw ?? new Int16Array();
    expect(raw.length).toBe(4096);
    expect(Math.abs((bursts[0]?.rate ?? 0) - 3200)).toBeLessThan(16);
    // 1 g of gravity and 1 g at 100 Hz, which is 32 samples a period, in steps of 1/256 g.
    for (const [i, sample] of raw.entries())
      expect(Math.abs(sample - 256 - 256 * Math.sin((2 * Math.PI * i) / 32))).toBeLessThanOrEqual(1);
  }, 200_000);

  test("the watchdog starts a node anew that a person resets at its console, and the node says so", async () => {
    const { port } = await plugIn(6);
    const { talk, hellos, type } = converse(port);
    await until("the node", () => talk.node !== undefined);
    // The gateway's own frames close the console again: until it has been quick enough, a person tries again.
    const typing = setInterval(() => type("\r\r\rreset\r"), 200);
    await until("the new boot", () => hellos.length === 2).finally(() => clearInterval(typing));
    expect(hellos[1]).toMatchObject({ cause: "watchdog", id: ID });
  }, 200_000);

  test.concurrent("samples are dated within 5 ms", async () => {
    const { chip, port } = await plugIn(7);
    const { talk, dated } = converse(port);
    const start = await chip.start;
    expect(start).toBeGreaterThan(0);
    await until("the node", () => talk.node !== undefined);
    await until("a quarter of a minute of samples", () => dated.length > 60);
    const lag = await chip.lag;
    expect(dated.every(({ at }) => Number.isFinite(at))).toBe(true);
    const wrong = dated.slice(20).map(({ at, sample }) => Math.abs(at - start - sample.time));
    console.log(
      `sample times: at most ${Math.max(...wrong).toFixed(1)} ms wrong; the machine held the chip up by ${lag} ms`,
    );
    expect(Math.max(...wrong)).toBeLessThan(5 + 2 * lag);
  }, 200_000);

  test.concurrent("a gateway that restarts goes on where the old one had saved", async () => {
    const { port } = await plugIn(4);
    const cells = new Map<string, unknown>();
    const first = drive(site(port, { pulses: "250ms" }), cells);
    await until("values", () => good(first, "pulses").length >= 20);
    await first.stop();
    await clock.sleep(3_000);
    const second = drive(site(port, { pulses: "250ms" }), cells);
    await until("the next ones", () => good(second, "pulses").length >= 30);
    const values = [...first.values("tour-2/pulses"), ...second.values("tour-2/pulses")];
    for (const [i, value] of values.entries()) if (i > 4) expect(value - (values[i - 1] ?? 0)).toBeLessThanOrEqual(2);
    expect(meter(second, "node_samples_total", "lost")).toBe(0);
  }, 200_000);

  test.concurrent(
    `after ${CUT / SECONDS} s without the cable the ring is replayed in order, with the right times`,
    async () => {
      const { chip, port } = await plugIn(5);
      const every = {
        temp: "10s",
        current: "10s",
        pulses: "2s",
        speed: "10s",
        volts: "10s",
        amps: "10s",
        shake: "10s",
      };
      const bench = drive(site(port, every));
      await until("values at the new pace", () => good(bench, "pulses").length >= 3);
      bench.readings.length = 0;
      await until("the first", () => good(bench, "pulses").length >= 1);
      chip.tell("cut");
      await clock.sleep(CUT);
      expect(bench.readings.some((r) => r.quality === "bad" && r.why === "timeout")).toBe(true);
      chip.tell("join");
      await until("all of the gap", () => good(bench, "pulses").length >= CUT / 2_000 + 5);
      await expectUnbroken(bench, chip, 2_000);
    },
    CUT + 200_000,
  );
});
