import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { PointAnswer } from "../../gateway/core/api.ts";
import { describeWith } from "../need.ts";
import { launch } from "../sim/gateway.ts";
import { until } from "../sim/peers/kit.ts";
import { subscribe } from "../sim/peers/mosquitto.ts";

/** `npm run test:hostile` runs it for ten minutes. */
const SECONDS = Number(process.env.HOSTILE_SECONDS ?? 20);
const SEED = Number(process.env.SEED ?? 1);

describeWith(["mosquitto_sub"], "a hostile LAN", () => {
  test(
    "acquisition goes on, memory stays flat, and those who behave are served",
    async () => {
      const gateway = await launch(["demo"]);
      const listener = subscribe(Number(new URL(gateway.mqtt ?? "").port), "vigie/v1/atelier-demo/gateway/heartbeat");
      try {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const measured = () => metrics(gateway.url, agent);
        await until(async () => ((await measured()).get("vigie_readings_good_total") ?? 0) > 200, 20_000);
        // Those who behave ask as often before as during, so that only the attack makes the difference.
        const pid = gateway.process.pid ?? 0;
        let quiet = 0;
        for (let i = 0; i < 200; i++) {
          await fetchPoints(gateway.url, agent);
          quiet = Math.max(quiet, rss(pid));
          await sleep(50);
        }
        const before = { rss: quiet, counted: await measured() };
        const attack = spawn(
          process.execPath,
          [
            join(import.meta.dirname, "../sim/hostile/attack.ts"),
            new URL(gateway.url).port,
            new URL(gateway.mqtt ?? "").port,
            String(SECONDS),
            String(SEED),
          ],
          { stdio: ["ignore", "pipe", "inherit"] },
        );
        let said = "";
        attack.stdout.on("data", (chunk) => {
          said += chunk;
        });
        const over = once(attack, "exit");
        const latencies: number[] = [];
        let worst = 0;
        let done = false;
        over.then(() => {
          done = true;
        });
        let beats = listener.lines.length;
        let gap = 0;
        let beatAt = performance.now();
        while (!done) {
          const from = performance.now();
          await fetchPoints(gateway.url, agent);
          latencies.push(performance.now() - from);
          worst = Math.max(worst, rss(pid));
          if (listener.lines.length > beats) {
            gap = Math.max(gap, performance.now() - beatAt);
            beats = listener.lines.length;
            beatAt = performance.now();
          }
          await sleep(50);
        }
        const after = await measured();
        const grown = (name: string) => (after.get(name) ?? 0) - (before.counted.get(name) ?? 0);
        latencies.sort((a, b) => a - b);
        const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? Number.POSITIVE_INFINITY;
        console.info(
          `hostile LAN ${SECONDS} s: ${said.trim()} p99 ${p99.toFixed(0)} ms of ${latencies.length} requests, ` +
            `RSS ${mb(before.rss)} → ${mb(worst)} MB, longest gap between heartbeats on MQTT ${gap.toFixed(0)} ms, ` +
            `readings good ${grown("vigie_readings_good_total")} bad ${grown("vigie_readings_bad_total")} skipped ${grown("vigie_readings_skipped_total")}`,
        );
        expect(gateway.process.exitCode).toBeNull();
        expect(grown("vigie_readings_skipped_total")).toBe(0);
        expect(grown("vigie_readings_bad_total")).toBe(0);
        expect(grown("vigie_readings_good_total")).toBeGreaterThan(SECONDS * 5);
        expect(mb(worst) - mb(before.rss)).toBeLessThanOrEqual(32);
        expect(p99).toBeLessThanOrEqual(1_000);
        expect(gap).toBeLessThan(6_000);
      } finally {
        listener.stop();
        await gateway.stop();
      }
    },
    (SECONDS + 60) * 1_000,
  );
});

const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);

const rss = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;

const ask = (url: string, agent: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
  });

const fetchPoints = async (url: string, agent: Agent): Promise<PointAnswer[]> =>
  JSON.parse(await ask(`${url}/api/v1/points`, agent));

/** Sums of all series of each name. */
async function metrics(url: string, agent: Agent): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const row of (await ask(`${url}/metrics`, agent)).split("\n")) {
    const [, name = "", value = ""] = /^(\w+)(?:\{.*\})? (\S+)$/.exec(row) ?? [];
    if (name) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}
