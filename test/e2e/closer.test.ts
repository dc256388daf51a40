import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SystemAnswer } from "../../gateway/core/api.ts";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { axeFindings } from "./axe.ts";
import { openBrowser, visit } from "./browser.ts";
import { json, openDoor } from "./door.ts";

describeWith(["chromium"], "looking closer at a machine, a bus and the box", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([launch(["demo"]), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  test("a chart says what the machine was doing, and asks for last week's line and for another point's", async () => {
    const { page, context } = await visit(browser, `${gateway.url}/m/laveuse`);
    const canvas = page.locator(".chart-canvas");
    await expect.poll(() => canvas.getAttribute("aria-label"), { timeout: 20_000 }).toMatch(/en production \d+\u00a0%/);
    expect(await page.locator(".shares li").allTextContents()).toContainEqual(expect.stringMatching(/^en production/));
    const over = page.locator(".u-over");
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    if (!box) throw new Error("no chart");
    await page.mouse.move(box.x + box.width - 3, box.y + 40);
    await expect.poll(() => page.locator(".readout").textContent()).toMatch(/\d{2}:\d{2}.*(W|bar|°C)/);
    const asked: URL[] = [];
    page.on("request", (request) => asked.push(new URL(request.url())));
    const of = (point: string, before: number) =>
      asked.some(
        ({ pathname, searchParams }) =>
          pathname.endsWith("/history") &&
          searchParams.get("point") === point &&
          Math.abs(Date.now() - before - Number(searchParams.get("to"))) < 60_000,
      );
    const point = new URLSearchParams(
      (await page.locator("a[href*='export.csv']").getAttribute("href"))?.split("?")[1],
    );
    await page.getByLabel("Comparer avec").selectOption("before");
    await expect.poll(() => of(point.get("point") ?? "", 7 * 86_400_000)).toBe(true);
    await page.getByLabel("Comparer avec").selectOption("laveuse/bath_temp");
    await expect.poll(() => of("laveuse/bath_temp", 0)).toBe(true);
    expect(await page.locator(".key-other").count()).toBe(1);
    await context.close();
  });

  test("a bus shows how busy it is, how often each signal really comes, and its frames, which hold still on request", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/bus`);
    const line = page.getByRole("region", { name: "ligne-laveuse" });
    await expect
      .poll(() => line.locator(".wire").textContent(), { timeout: 15_000 })
      .toMatch(/ouvert · occupé à \d+\u00a0%/);
    await line.getByText(/^Rythme de/).click();
    const power = line.locator("tbody tr", { hasText: "laveuse/power" });
    await expect
      .poll(() => power.textContent(), { timeout: 15_000 })
      // Planned, then measured: how near the two come is the machine's affair.
      .toMatch(/1,00\u00a0s \d[\d,]*\u00a0m?s/);
    await line.getByText(/^Trames brutes/).click();
    const frame = line.locator(".frames tr").first();
    await expect.poll(() => frame.textContent()).toMatch(/(→ question|← réponse)([0-9A-Fa-f]{2} ?){5,}/);
    await line.getByRole("button", { name: "Figer" }).click();
    const held = await frame.textContent();
    await page.waitForResponse(/\/buses\/ligne-laveuse/);
    await page.waitForResponse(/\/buses\/ligne-laveuse/);
    expect(await frame.textContent()).toBe(held);
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
  });

  test("the System page filters the log, and makes and revokes a client of the broker", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/system`);
    const log = page.getByRole("region", { name: "Journal de la passerelle" });
    await expect.poll(() => log.locator("li").count()).toBeGreaterThan(1);
    await log.getByLabel("Contient").fill("ligne-laveuse");
    await expect.poll(() => log.locator("li", { hasNotText: "ligne-laveuse" }).count()).toBe(0);
    expect(await log.locator("li").count()).toBeGreaterThan(0);
    const clients = page.getByRole("region", { name: "Clients MQTT" });
    await clients.getByLabel("Nom du client").fill("tableau");
    await clients.getByRole("button", { name: "Créer un client" }).click();
    await expect.poll(() => clients.locator("output").textContent()).toMatch(/Mot de passe de tableau.*\s:\s\S{12,}/);
    const row = clients.locator("li", { hasText: "tableau" });
    await row.waitFor({ timeout: 10_000 });
    expect(await row.textContent()).toContain("pas connecté");
    page.on("dialog", (dialog) => void dialog.accept());
    await row.getByRole("button", { name: "Révoquer" }).click();
    await expect.poll(() => row.count(), { timeout: 10_000 }).toBe(0);
    await context.close();
  });

  test("weeks of vibration are drawn, and the rules are played over days gone by", { timeout: 90_000 }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/m/compresseur`);
    await page.locator(".waterfall-canvas").waitFor({ timeout: 40_000 });
    expect(await page.locator(".waterfall-canvas").getAttribute("aria-label")).toMatch(/^Niveaux par bande sur 7/);
    await page.locator(".waterfall").getByRole("radio", { name: "30\u00a0j" }).check();
    await expect.poll(() => page.locator(".waterfall .note").textContent()).toContain("30");
    await page.goto(`${gateway.url}/history`);
    await page.getByRole("link", { name: "Rejouer les règles" }).click();
    await page.getByRole("radio", { name: "24\u00a0h" }).check();
    await page.getByRole("button", { name: "Rejouer", exact: true }).click();
    await expect
      .poll(() => page.locator("[role=status]").allTextContents(), { timeout: 40_000 })
      .toContainEqual(expect.stringMatching(/\d+ alertes? et \d+ avis à surveiller sur .+ mesures/));
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
  });

  test("a box that nobody tells the time takes that of the device in somebody's hand", async () => {
    const told: string[] = [];
    const door = await openDoor(gateway.url, ({ url, method }, answer) => {
      if (method === "POST" && url === "/api/v1/time") told.push(url);
      if (url !== "/api/v1/system") return false;
      void fetch(`${gateway.url}${url}`)
        .then((found) => found.json())
        .then((found: SystemAnswer) => json(answer, { ...found, clock: { ...found.clock, quality: "unsynced" } }));
      return true;
    });
    const { page, context } = await visit(browser, `${door.url}/system`);
    expect(await page.getByRole("region", { name: "Horloge" }).textContent()).toContain("jamais synchronisée");
    await page.getByRole("button", { name: "Prendre l’heure de cet appareil" }).click();
    await expect.poll(() => page.getByRole("region", { name: "Horloge" }).textContent()).toContain("Heure reprise");
    expect(told).toHaveLength(1);
    await context.close();
    await door.close();
  });

  test("charts are of the gateway's own time, also on a device that is three days ahead", async () => {
    const context = await browser.newContext({ locale: "fr" });
    const page = await context.newPage();
    await page.clock.install({ time: Date.now() + 3 * 86_400_000 });
    const asked: number[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === "/api/v1/history") asked.push(Number(searchParams.get("to")) - Date.now());
    });
    await page.goto(`${gateway.url}/m/laveuse`);
    const canvas = page.locator(".chart-canvas");
    await expect.poll(() => canvas.getAttribute("aria-label"), { timeout: 20_000 }).toMatch(/en production \d+\u00a0%/);
    expect(asked.filter((early) => Math.abs(early) > 3_600_000)).toEqual([]);
    await context.close();
  });

  test.each([
    ["when an hour is left out", "2026-03-29T05:30:00Z", { "01:00": 1, "02:00": 0, "03:00": 1 }],
    ["when an hour comes twice", "2026-10-25T05:30:00Z", { "01:00": 1, "02:00": 2, "03:00": 1 }],
  ])("the chart's hours are the site's on the day %s, whatever the zone of the screen", async (_, now, hours) => {
    const context = await browser.newContext({ viewport: { width: 1_600, height: 900 }, timezoneId: "Asia/Tokyo" });
    const page = await context.newPage();
    // A canvas has no text to read: what is written on it is written down.
    await page.addInitScript(() => {
      const written: string[] = [];
      Reflect.set(window, "written", written);
      const write = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
        written.push(text);
        return write.call(this, text, ...where);
      };
    });
    await page.clock.install({ time: new Date(now) });
    // The page goes by the gateway's date.
    await page.route(/\/api\/v1\/(?!events)/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), date: new Date(now).toUTCString() } });
    });
    await page.goto(`${gateway.url}/history?point=laveuse/power`);
    await page.locator(".u-over").waitFor();
    // One drawing, begun afresh: the eight hours before that moment.
    await page.evaluate(() => (Reflect.get(window, "written") as string[]).splice(0));
    await page.setViewportSize({ width: 1_500, height: 900 });
    const counts = async () => {
      const written = await page.evaluate(() => Reflect.get(window, "written") as string[]);
      const last = written.slice(written.lastIndexOf("04:00") - 10).slice(0, 11);
      return Object.fromEntries(Object.keys(hours).map((hour) => [hour, last.filter((text) => text === hour).length]));
    };
    await expect.poll(counts, { timeout: 10_000 }).toEqual(hours);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  });
});
