import { describe, expect, test } from "vitest";
import { loadPlugins } from "../../../gateway/plugin.ts";
import { faultsOfShop } from "../../bench/predict/shop.ts";
import { live } from "../../bench/predict/soak.ts";

const plugins = await loadPlugins();
/** The whole soak is `npm run bench -- predict --only soak`; ten machine-months of it are played in CI, two elsewhere. */
const months = process.env.CI === "true" ? 10 : 2;

describe("the default rules on seeded machines", () => {
  test(`call nobody without a reason in ${months} healthy machine-months`, { timeout: 300_000 }, () => {
    const alerts = Array.from(
      { length: months / 2 },
      (_, i) => live({ seed: 501 + i, days: 61 }, plugins).alerts,
    ).flat();
    // One alert in three machine-months is what we allow ourselves.
    expect(alerts.length, alerts.map(({ text }) => text).join("\n")).toBeLessThanOrEqual(Math.floor(months / 3));
  });

  test("tell every kind of fault, after it began", { timeout: 300_000 }, () => {
    const missed = faultsOfShop.filter((kind) => {
      const { alerts } = live({ seed: 511, days: 42, fault: { kind, from: 21 } }, plugins);
      return !alerts.some(({ day }) => day > 21);
    });
    expect(missed).toEqual([]);
  });
});
