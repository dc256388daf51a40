import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isMap, isSeq, parseDocument } from "yaml";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { openBrowser, visit } from "./browser.ts";

const NASTY = `<img src=x onerror="document.title='broken in'">`;

/** The demonstration workshop with a limit that is passed at once, on a machine whose name is an attack. */
function siteFile(): string {
  const file = parseDocument(readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8"));
  const [machines, detectors] = [file.get("machines"), file.get("detectors")];
  if (!isSeq(machines) || !isSeq(detectors)) throw new Error("the demonstration has no machines or detectors");
  for (const machine of machines.items) {
    if (isMap(machine) && machine.get("id") === "laveuse")
      machine.set("name", { fr: `Laveuse ${NASTY}`, en: `Washer ${NASTY}` });
  }
  detectors.add({
    id: "trop",
    type: "limit",
    point: "laveuse/power",
    high: 1,
    level: "alert",
    priority: "high",
    delay: { on: "1s" },
    action: { fr: `Couper la pompe ${NASTY}`, en: "Stop the pump" },
  });
  const path = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  writeFileSync(path, String(file));
  return path;
}

describeWith(["chromium"], "an alarm on the page", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  const config = siteFile();
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([launch(["demo", "--config", config]), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  test("the wall rings after one touch and not before, keeps the screen awake, and is silent again after another", {
    timeout: 60_000,
  }, async () => {
    const { page, context, complaints } = await visit(browser, gateway.url);
    // A headless browser has neither loudspeaker nor screen: what the page asks of them is counted.
    await context.addInitScript(() => {
      const asked = { contexts: [] as AudioContext[], tones: 0, locks: [] as string[] };
      Reflect.set(window, "asked", asked);
      const Real = window.AudioContext;
      window.AudioContext = class extends Real {
        constructor() {
          super();
          asked.contexts.push(this);
        }
        override createOscillator(): OscillatorNode {
          asked.tones++;
          return super.createOscillator();
        }
      };
      Object.defineProperty(navigator, "wakeLock", {
        value: {
          request: async (kind: string) => {
            asked.locks.push(kind);
            return { release: async () => undefined };
          },
        },
      });
    });
    const asked = () =>
      page.evaluate(() => {
        const { contexts, tones, locks } = Reflect.get(window, "asked") as {
          contexts: AudioContext[];
          tones: number;
          locks: string[];
        };
        return { states: contexts.map(({ state }) => state), tones, locks };
      });
    await page.goto(gateway.url);
    await page.locator(".tile.tone-alert").waitFor({ timeout: 20_000 });
    expect(await asked()).toEqual({ states: [], tones: 0, locks: [] });
    await page.goto(`${gateway.url}/?wall`);
    await page.locator(".tile").first().waitFor();
    await expect.poll(async () => (await asked()).locks).toEqual(["screen"]);
    // Whoever hides the page loses the lock; it is asked for again when the page is seen.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    expect((await asked()).locks).toEqual(["screen", "screen"]);
    expect((await asked()).states).toEqual([]);
    await page.getByRole("button", { name: "Activer le son" }).click();
    await expect.poll(async () => (await asked()).states).toEqual(["running"]);
    // Two tones to say that it can be heard, six for the alert that is there; each occurrence rings once.
    await expect.poll(async () => (await asked()).tones).toBe(8);
    await expect.poll(() => page.locator(".tile .ago").first().textContent()).toBeTruthy();
    expect((await asked()).tones).toBe(8);
    await page.getByRole("button", { name: "Couper le son" }).click();
    await expect.poll(async () => (await asked()).states).toEqual(["closed"]);
    expect(complaints.filter((line) => !/Failed to load/.test(line))).toEqual([]);
    await context.close();
  });

  test("comes by itself, says the one thing to do, and is acknowledged on a phone with one thumb", {
    timeout: 60_000,
  }, async () => {
    const { page, context, complaints } = await visit(browser, gateway.url, { screen: "phone" });
    const tile = page.locator(".tile.tone-alert");
    await expect.poll(() => tile.count(), { timeout: 20_000 }).toBe(1);
    expect(await tile.textContent()).toContain("Couper la pompe");
    expect(await page.locator(".tile").first().getAttribute("class")).toContain("tone-alert");
    await page.getByRole("link", { name: /Alarmes/ }).tap();
    const card = page.locator("[data-alarm]", { hasText: "Couper la pompe" });
    await card.getByLabel("Commentaire").fill("vu, j'y vais");
    await card.getByRole("button", { name: /^Acquitter/ }).tap();
    await expect.poll(() => card.textContent(), { timeout: 5_000 }).toContain("en cours, acquittée");
    expect(await card.textContent()).toContain("vu, j'y vais");
    // Whoever has another page open sees it too.
    const other = await visit(browser, `${gateway.url}/alarms/history`);
    await expect
      .poll(() => other.page.locator(".event").first().textContent(), { timeout: 5_000 })
      .toContain("en cours, acquittée");
    expect([...complaints, ...other.complaints]).toEqual([]);
    await context.close();
    await other.context.close();
  });

  test("is put aside only with a reason, and taken back", { timeout: 60_000 }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/alarms`);
    const card = page.locator("[data-alarm]", { hasText: "Couper la pompe" });
    await card.getByRole("button", { name: "Mettre en attente" }).click();
    await card.getByRole("radio", { name: "4\u00a0h" }).check();
    await card.getByLabel("Raison").fill("pompe en réglage");
    await card.getByRole("button", { name: "Mettre en attente" }).click();
    await expect.poll(() => card.textContent(), { timeout: 5_000 }).toContain("En attente jusqu’à");
    await card.getByRole("button", { name: "Reprendre" }).click();
    await expect.poll(() => card.textContent(), { timeout: 5_000 }).toContain("en cours, acquittée");
    await context.close();
  });

  test("planned maintenance is begun with a reason, and ended after the page was closed", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/m/pasteurisateur`);
    const watched = page.getByRole("region", { name: "Surveillance" });
    await watched.getByRole("button", { name: "Maintenance prévue" }).click();
    await watched.getByLabel("Raison").fill("   ");
    await watched.getByRole("button", { name: "Maintenance prévue" }).click();
    expect(await watched.getByRole("alert").textContent()).toContain("Dites pourquoi");
    await watched.getByLabel("Raison").fill("joint à changer");
    await watched.getByRole("button", { name: "Maintenance prévue" }).click();
    await expect.poll(() => watched.textContent(), { timeout: 5_000 }).toContain("joint à changer");
    await page.reload();
    await watched.getByRole("button", { name: "Terminer la maintenance" }).click();
    await expect.poll(() => watched.textContent(), { timeout: 8_000 }).toContain("de nouveau surveillée");
    await expect.poll(() => watched.textContent(), { timeout: 8_000 }).not.toContain("joint à changer");
    await context.close();
  });

  test("names and texts that are attacks stay text, on every page that shows them", { timeout: 60_000 }, async () => {
    for (const path of [
      "/",
      "/?wall",
      "/alarms",
      "/alarms/history",
      "/m/laveuse",
      "/history?point=tour-1/power",
      "/labels",
    ]) {
      const { page, context, complaints } = await visit(browser, gateway.url + path);
      await expect.poll(() => page.locator("main").textContent(), { timeout: 10_000 }).toContain("onerror=");
      expect(await page.locator("img[src=x]").count(), path).toBe(0);
      expect(await page.title(), path).not.toBe("broken in");
      expect(complaints, path).toEqual([]);
      await context.close();
    }
  });
});
