import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlarmAnswer, HistoryAnswer } from "../../gateway/core/api.ts";
import { openBrowser, visit } from "../e2e/browser.ts";
import { describeWith } from "../need.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { type RealServer, startVictoriaMetrics } from "../sim/influx-servers.ts";

const RULE = "coupe";
const LIMIT = 3_000;

/** The demonstration with an InfluxDB-compatible server behind it, and a rule that the lathe's work passes and leaves again. */
function siteFile(influx: string): string {
  const demo = readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8");
  const rule = `detectors:\n  - { id: ${RULE}, type: limit, point: tour-1/power, high: ${LIMIT}, priority: low, delay: { on: 0s, off: 0s } }`;
  const sinks = `sinks:
  - { id: history, type: sqlite }
  - { id: mqtt, type: mqtt }
  - { id: influx, type: influx, url: "${influx}", token: "\${NO_TOKEN}", org: atelier, bucket: machines }
`;
  const file = join(mkdtempSync(join(tmpdir(), "vigie-chain-")), "site.yaml");
  writeFileSync(file, `${demo.replace("detectors:", rule)}\n${sinks}`);
  return file;
}

describeWith(["victoria-metrics", "chromium"], "one reading, all the way", () => {
  let influx: RealServer;
  let browser: Browser;
  let gateway: RunningGateway;
  let config: string;
  beforeAll(async () => {
    [influx, browser] = await Promise.all([startVictoriaMetrics(), openBrowser()]);
    config = siteFile(influx.url);
    gateway = await launch(["demo", "--config", config], { env: { NO_TOKEN: "none" } });
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop().finally(() => influx?.stop());
  });

  test("a line reaches an InfluxDB-compatible server that we did not write, with its tags", async () => {
    const lines = await eventually(async () => {
      const found = await stored("laveuse", "filter_drop");
      return found.length > 5 ? found : undefined;
    }, 20_000);
    expect(lines.every(({ value }) => value > 0.2 && value < 2)).toBe(true);
    expect(lines[0]?.tags).toMatchObject({
      site: "atelier-demo",
      machine: "laveuse",
      signal: "filter_drop",
      unit: "bar",
    });
  });

  test("an alarm comes on the page, is acknowledged there, and goes when the machine is back to normal", {
    timeout: 180_000,
  }, async () => {
    await eventually(async () => (await alarm())?.active || undefined, 60_000);
    const { page, context, complaints } = await visit(browser, `${gateway.url}/alarms`, { screen: "phone" });
    const card = page.locator("[data-alarm]", { hasText: "Puissance" });
    await card.first().waitFor({ timeout: 15_000 });
    await card
      .first()
      .getByRole("button", { name: /^Acquitter/ })
      .tap();
    await eventually(async () => {
      const now = await alarm();
      return now === undefined || now.state === "acked" || undefined;
    }, 10_000);
    // The lathe goes back to idle within a minute: an acknowledged alarm that no longer holds is gone.
    await eventually(async () => (await alarm()) === undefined || undefined, 90_000);
    await expect.poll(() => card.count(), { timeout: 10_000 }).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("after kill -9 the history and the server hold every reading once, and nothing that was saved is missing", {
    timeout: 90_000,
  }, async () => {
    const from = Date.now() - 15_000;
    const before = await history(from, from + 12_000);
    await gateway.stop("SIGKILL");
    gateway = await launch(["demo", "--config", config], { data: gateway.data, env: { NO_TOKEN: "none" } });
    const after = await eventually(async () => {
      const found = await history(from, from + 12_000);
      return found > 0 ? found : undefined;
    }, 20_000);
    expect(after).toBe(before);
    expect(before).toBeGreaterThan(10);
    await eventually(async () => {
      const times = (await stored("laveuse", "filter_drop"))
        .map(({ t }) => t)
        .filter((t) => t >= from && t < from + 12_000);
      if (times.length < before) return undefined;
      expect(new Set(times).size).toBe(times.length);
      expect(times.length).toBe(before);
      return true;
    }, 30_000);
  });

  const alarm = async () =>
    (await gateway.get<AlarmAnswer[]>("/api/v1/alarms")).find(({ rule, state }) => rule === RULE && state !== "normal");

  async function history(from: number, to: number): Promise<number> {
    const path = `/api/v1/history?point=laveuse/filter_drop&from=${from}&to=${to}&buckets=12`;
    const { buckets } = await gateway.get<HistoryAnswer>(path);
    return buckets.reduce((sum, { count }) => sum + count, 0);
  }

  /** What the server holds of a signal, by its own export. */
  async function stored(
    machine: string,
    signal: string,
  ): Promise<{ t: number; value: number; tags: Record<string, string> }[]> {
    const match = encodeURIComponent(`{__name__="reading_value",machine="${machine}",signal="${signal}"}`);
    const text = await (await fetch(`${influx.url}/api/v1/export?match[]=${match}`)).text();
    return text
      .split("\n")
      .filter(Boolean)
      .flatMap((line) => {
        const { metric, values, timestamps } = JSON.parse(line) as {
          metric: Record<string, string>;
          values: number[];
          timestamps: number[];
        };
        return values.map((value, i) => ({ t: timestamps[i] ?? 0, value, tags: metric }));
      });
  }
});
