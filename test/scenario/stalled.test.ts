import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { HistoryAnswer } from "../../gateway/core/api.ts";
import { eventually, launch } from "../sim/gateway.ts";

test("a gateway that stood still says so in its history, and asks for nothing twice when it goes on", {
  timeout: 60_000,
}, async () => {
  const demo = join(import.meta.dirname, "../../config/demo.yaml");
  const gateway = await launch(["demo", "--config", demo]);
  onTestFinished(() => gateway.stop().then(() => undefined));
  const point = "tour-1/power";
  const good = async () => {
    const points = await gateway.get<{ id: string; quality: string }[]>("/api/v1/points");
    return points.find(({ id }) => id === point)?.quality === "good" || undefined;
  };
  await eventually(good, 10_000);
  await sleep(2_000);
  const from = Date.now();
  gateway.process.kill("SIGSTOP");
  await sleep(12_000);
  gateway.process.kill("SIGCONT");
  const to = Date.now();
  await eventually(good, 10_000);
  await sleep(4_000);
  const ask = `point=${point}&from=${from}&to=${to + 3_000}&buckets=15`;
  const { buckets } = await gateway.get<HistoryAnswer>(`/api/v1/history?${ask}`);
  const still = buckets.filter(({ t }) => t >= from + 2_000 && t <= to - 2_000);
  expect(still.length).toBeGreaterThan(6);
  for (const bucket of still) expect(bucket).toMatchObject({ mean: null, count: 0, why: "stalled" });
  // One reading a second again, and no burst of what was missed.
  for (const { count, bad } of buckets) expect(count + bad).toBeLessThanOrEqual(3);
});
