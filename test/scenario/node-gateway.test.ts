import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ReadingMessage } from "../../gateway/core/topics.ts";
import { describeWith } from "../need.ts";
import { buildChip, Chip } from "../sim/avr/chip.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";

/** `npm run test:node-long` asks for ten minutes. */
const NOISY = Number(process.env.VIGIE_NODE_NOISE ?? 60) * 1_000;
const PERIOD = 500;

/** The whole way: sensor → ATmega328P → damaged wire → gateway → log → MQTT → a client that we did not write. */
describeWith(["avr-gcc", "simavr", "gcc", "mosquitto_sub"], "from the reference node to MQTT", () => {
  const data = mkdtempSync(join(tmpdir(), "vigie-node-"));
  let chip: Chip;
  let config: string;
  let gateway: RunningGateway;
  const heard = new Map<number, ReadingMessage>();
  let listener: ChildProcess | undefined;

  beforeAll(async () => {
    chip = new Chip(buildChip(), 11);
    config = join(data, "site.yaml");
    writeFileSync(config, site(await chip.name("noeud-avr")));
    gateway = await launch(["run", "--config", config], { data });
    listener = listen(gateway, heard);
  }, 120_000);

  afterAll(async () => {
    listener?.kill();
    chip.stop();
    await gateway.stop();
  });

  test(`nothing is lost in ${NOISY / 1_000} s with 1 % of the bytes damaged, both ways, and the gateway killed half-way`, {
    timeout: NOISY + 200_000,
  }, async () => {
    await eventually(() => heard.size > 3 || undefined, 60_000);
    chip.tell("noise 0.01");
    await pause(NOISY / 2);
    await gateway.stop("SIGKILL");
    listener?.kill();
    gateway = await launch(["run", "--config", config], { data });
    listener = listen(gateway, heard);
    await pause(NOISY / 2);
    chip.tell("noise 0");
    const last = Math.max(...heard.keys());
    await eventually(() => Math.max(...heard.keys()) > last + 10 || undefined, 60_000);

    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/vigie_node_samples_total\{[^}]*kind="lost"[^}]*\} 0\n/);
    expect(metrics).toMatch(/vigie_node_frames_total\{[^}]*kind="damaged"[^}]*\} [1-9]/);
    const all = await history(gateway, "pulses");
    // A period that has just been set shorter puts two true looks next to each other: judged is what comes after.
    const settled = all.filter(({ t }) => t > (all[0]?.t ?? 0) + 5_000);
    // A sample whose acknowledgement the kill or the noise swallowed comes again, and is known.
    const twice = settled.filter(
      ({ t, value }, i) => value === settled[i - 1]?.value && t - (settled[i - 1]?.t ?? 0) <= 100,
    );
    expect(twice).toEqual([]);
    // Four pulses a second, looked at twice a second: every look is there, once; in order and at its time where the machine was
    // quick enough for the chip to keep time itself.
    const lag = await chip.lag;
    const calm = lag < 100;
    console.log(
      `${settled.length} samples; the machine held the chip up by ${lag} ms: times are ${calm ? "" : "not "}judged`,
    );
    if (!calm) settled.sort((a, b) => a.value - b.value);
    for (const [i, { t, value }] of settled.entries()) {
      const before = settled[i - 1];
      if (!before) continue;
      expect(Math.abs(value - before.value - (4 * PERIOD) / 1_000)).toBeLessThanOrEqual(1);
      if (calm) expect(Math.abs(t - before.t - PERIOD)).toBeLessThan(60 + 2 * lag);
    }
    expect(settled.length).toBeGreaterThan((NOISY / PERIOD) * 0.85);
    const temperatures = await history(gateway, "temp");
    expect(temperatures.length).toBeGreaterThan(NOISY / 10_000);
    expect(temperatures.every(({ value }) => value === 21.5)).toBe(true);
    // What MQTT said is what history holds.
    const stored = new Set(all.map(({ value }) => value));
    for (const { v } of heard.values()) expect(stored.has(v ?? Number.NaN)).toBe(true);
  });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Collects what a client sees of the pulse counter, by sequence number. */
function listen(gateway: RunningGateway, into: Map<number, ReadingMessage>): ChildProcess {
  const port = new URL(gateway.mqtt ?? "").port;
  const sub = spawn("mosquitto_sub", ["-p", port, "-q", "1", "-t", "vigie/v1/essai/tour-2/pulses"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  createInterface({ input: sub.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as ReadingMessage;
    if (message.q === "good") into.set(message.s, message);
  });
  return sub;
}

interface Stored {
  t: number;
  value: number;
}

/** Every stored good sample, oldest first. */
async function history(gateway: RunningGateway, signal: string): Promise<Stored[]> {
  const query = `point=tour-2/${signal}&from=${Date.now() - 3_600_000}&to=${Date.now() + 60_000}&lang=en`;
  const text = await (await fetch(`${gateway.url}/api/v1/export.csv?${query}`)).text();
  const rows = text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(","));
  return rows.filter((row) => row[3] !== "").map((row) => ({ t: Number(row[1]), value: Number(row[3]) }));
}

const site = (port: string): string => `
site: { id: essai, name: Essai, timezone: Europe/Paris, language: fr }
machines:
  - { id: tour-2, name: Tour }
drivers:
  - id: capteurs
    type: node
    port: ${port}
    nodes:
      - id: noeud-avr
        machine: tour-2
        channels:
          pulses: { unit: "1", kind: counter, every: ${PERIOD}ms }
          temp: { unit: Cel, every: 5s }
          current: { unit: A, every: 10s }
          speed: { unit: /min, every: 10s }
web: { open: true }
broker: { open: true }
`;
