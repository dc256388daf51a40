import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlarmAnswer, HistoryAnswer, PointAnswer } from "../../gateway/core/api.ts";
import type { ReadingMessage } from "../../gateway/core/topics.ts";
import { describeWith } from "../need.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";

/** The main job, from the wire to the warning, by what people type: `vigie demo`. */
describeWith(["mosquitto_sub"], "the demonstration workshop", () => {
  let gateway: RunningGateway;
  let launched: number;
  beforeAll(async () => {
    launched = performance.now();
    gateway = await launch(["demo"]);
  });
  afterAll(() => gateway.stop());

  test("the first reading is on the page's own interface within 5 s of the start", async () => {
    const first = await eventually(
      async () => (await points()).find(({ id, value }) => !id.startsWith("gateway/") && value !== null),
      10_000,
    );
    expect(performance.now() - launched).toBeLessThan(5_000);
    expect(first.quality).toBe("good");
    expect(first.age).toBeLessThan(5_000);
  });

  test("all three wires deliver: Modbus TCP, RTU over TCP, and the serial node", async () => {
    const expected = ["tour-1/power", "laveuse/filter_drop", "compresseur/pressure", "pasteurisateur/holding_temp"];
    await eventually(async () => {
      const now = await points();
      return expected.every((id) => now.find((p) => p.id === id)?.quality === "good") || undefined;
    }, 15_000);
    const now = await points();
    expect(now.find(({ id }) => id === "pasteurisateur/holding_temp")?.value).toBeGreaterThan(72);
    expect(now.find(({ id }) => id === "pasteurisateur/holding_temp")?.value).toBeLessThan(77);
    expect(now.find(({ id }) => id === "laveuse/filter_drop")?.unit).toBe("bar");
  });

  test("a client that we did not write sees the value over MQTT, retained, with boot and sequence", async () => {
    const message = await eventually(() => retained("vigie/v1/atelier-demo/tour-1/power"), 10_000);
    expect(Object.keys(message).sort()).toEqual(["b", "q", "s", "t", "tq", "u", "v"]);
    expect(message.q).toBe("good");
    expect(message.v).toBeGreaterThan(500);
    expect(message.v).toBeLessThan(6_000);
    expect(Math.abs(message.t - Date.now())).toBeLessThan(60_000);
    expect(message.s).toBeGreaterThan(0);
  });

  test("the history answers the same point in buckets", async () => {
    const answer = await eventually(async () => {
      const to = Date.now();
      const history = await gateway.get<HistoryAnswer>(
        `/api/v1/history?point=tour-1/power&from=${to - 60_000}&to=${to}&buckets=60`,
      );
      return history.buckets.filter(({ count }) => count > 0).length >= 5 ? history : undefined;
    }, 20_000);
    expect(answer.unit).toBe("W");
    const full = answer.buckets.filter(({ count }) => count > 0);
    for (const { min, mean, max } of full) {
      expect(min).toBeLessThanOrEqual(mean ?? Number.NaN);
      expect(mean).toBeLessThanOrEqual(max ?? Number.NaN);
    }
    const empty = answer.buckets.find(({ count, bad }) => count === 0 && bad === 0);
    expect(empty).toMatchObject({ min: null, mean: null, max: null });
  });

  test("a predictive warning with its reason and forecast appears within two minutes", {
    timeout: 150_000,
  }, async () => {
    const warning = await eventually(
      async () => (await alarms()).find(({ machine, forecast }) => machine === "laveuse" && forecast),
      120_000 - (performance.now() - launched),
    );
    expect(warning.point).toBe("laveuse/filter_drop");
    expect(warning.part).toBe("filter");
    const { at, low, high } = warning.forecast ?? { at: 0, low: 0, high: 0 };
    expect(low).toBeLessThanOrEqual(at);
    expect(at).toBeLessThanOrEqual(high);
    // The simulated filter reaches its limit 460 s after the start.
    expect(at - Date.now()).toBeGreaterThan(30_000);
    expect(at - Date.now()).toBeLessThan(20 * 60_000);
    expect(warning.text).toMatch(/[a-zé]{4,}/);
    await acknowledge(warning);
  });

  const points = () => gateway.get<PointAnswer[]>("/api/v1/points");
  const alarms = () => gateway.get<AlarmAnswer[]>("/api/v1/alarms");

  async function acknowledge({ id }: AlarmAnswer): Promise<void> {
    const answer = await fetch(`${gateway.url}/api/v1/alarms/${encodeURIComponent(id)}/ack`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ comment: "seen" }),
    });
    expect(answer.status).toBe(200);
    await eventually(async () => (await alarms()).find((a) => a.id === id)?.state === "acked" || undefined, 5_000);
  }

  /** The retained message of a topic, by mosquitto_sub. */
  async function retained(topic: string): Promise<ReadingMessage | undefined> {
    const port = new URL(gateway.mqtt ?? "").port;
    const sub = spawn("mosquitto_sub", ["-p", port, "-t", topic, "-C", "1", "-W", "3"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    for await (const line of createInterface({ input: sub.stdout })) return JSON.parse(line) as ReadingMessage;
    return undefined;
  }
});
