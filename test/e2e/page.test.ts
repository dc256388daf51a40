import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { axeFindings } from "./axe.ts";
import { openBrowser, type Visit, visit } from "./browser.ts";

const pages = [
  "/",
  "/?wall",
  "/alarms",
  "/alarms/history",
  "/alarms/quality",
  "/alarms/deliveries",
  "/alarms/duty",
  "/alarms/drills",
  "/commission",
  "/m/laveuse",
  "/history",
  "/backtest",
  "/energy",
  "/bus",
  "/system",
  "/config",
  "/labels",
  "/trust",
];

describeWith(["chromium"], "the page on the real gateway", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([launch(["demo"]), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  const at = (path: string, wish?: Visit) => visit(browser, gateway.url + path, wish);

  test("shows the four machines with live values, and no request leaves the box", async () => {
    const { page, context, complaints } = await at("/");
    const strangers: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(gateway.url)) strangers.push(request.url());
    });
    await expect.poll(() => page.locator(".tile h2").allTextContents()).toHaveLength(4);
    const power = page.locator(".tile", { hasText: "Laveuse" }).locator(".tile-value strong");
    await expect.poll(() => power.textContent(), { timeout: 10_000 }).toMatch(/^\d\u202f?\d+\u00a0W$/);
    const first = await power.textContent();
    await expect.poll(() => power.textContent(), { timeout: 10_000 }).not.toBe(first);
    expect(strangers).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("first load is at most 90 kB, compressed", async () => {
    const { page, context } = await at("/");
    await page.locator(".tile").first().waitFor();
    const names = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    const files = [`${gateway.url}/`, ...names].filter((name) => !name.includes("/api/") && !name.endsWith("/sw.js"));
    let size = 0;
    for (const file of new Set(files)) {
      const bytes = Buffer.from(await (await fetch(file)).arrayBuffer());
      size += file.endsWith(".woff2") ? bytes.length : gzipSync(bytes).length;
    }
    console.log(`first load: ${(size / 1000).toFixed(1)} kB compressed in ${new Set(files).size} files`);
    expect(files.length).toBeGreaterThan(4);
    expect(size).toBeLessThan(90_000);
    await context.close();
  });

  test("every page passes axe by day and by night, without a refused or failed script", {
    timeout: 120_000,
  }, async () => {
    const { page, context, complaints } = await at("/", { theme: "day" });
    for (const path of pages) {
      await open(page, path);
      expect(await axeFindings(page), `${path} by day`).toEqual([]);
      await page.evaluate(() => {
        document.documentElement.dataset.theme = "night";
      });
      expect(await axeFindings(page, ["color-contrast"]), `${path} by night`).toEqual([]);
      expect(complaints, path).toEqual([]);
    }
    await context.close();
  });

  test("every page fits a phone 360 px wide, in both languages, with targets of 44 px", {
    timeout: 120_000,
  }, async () => {
    for (const language of ["fr", "en"] as const) {
      const { page, context } = await at("/", { screen: "narrow", language });
      for (const path of pages.filter((one) => one !== "/?wall")) {
        await open(page, path);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(sideways, path).toBe(0);
        expect(await smallTargets(page), path).toEqual([]);
      }
      await page.locator(".menu summary").click();
      const menu = await page.locator(".menu-body").boundingBox();
      expect(menu && menu.x >= 0 && menu.x + menu.width <= 360, "the settings").toBe(true);
      await context.close();
    }
  });

  test("works at 200 % zoom: nothing sideways, nothing cut off, the menu in reach", { timeout: 120_000 }, async () => {
    const { page, context } = await at("/");
    // Zoom halves the page's pixels: a laptop of 1280 × 800 has 640 × 400 of them.
    await page.setViewportSize({ width: 640, height: 400 });
    for (const path of pages.filter((one) => one !== "/?wall")) {
      await open(page, path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBe(0);
      const menu = page.locator("header.top nav a").first();
      await menu.scrollIntoViewIfNeeded();
      expect(await menu.isVisible(), path).toBe(true);
      expect(await page.evaluate(cutTexts), path).toEqual([]);
    }
    await context.close();
  });

  test("speaks English after one choice, and again at the next visit", async () => {
    const { page, context } = await at("/");
    await page.locator("summary").click();
    await page.getByRole("radio", { name: "English" }).check();
    await expect.poll(() => page.locator("h1").textContent()).toBe("Workshop");
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
    await page.reload();
    await expect.poll(() => page.locator("h1").textContent()).toBe("Workshop");
    await context.close();
  });

  test("a machine's page draws its history, zooms to a dragged stretch and back, and compares", async () => {
    const { page, context } = await at("/m/laveuse");
    const canvas = page.locator(".u-over");
    await canvas.waitFor();
    const shown = page.locator(".chart-panel header .note");
    await expect.poll(() => page.locator(".chart-canvas").getAttribute("aria-label")).toMatch(/^Courbe de .*: de /);
    const before = await shown.textContent();
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    if (!box) throw new Error("the chart has no size");
    await page.mouse.move(box.x + box.width * 0.05, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => shown.textContent()).not.toBe(before);
    await expect.poll(() => page.getByRole("button", { name: "Suivre le direct" }).isEnabled()).toBe(true);
    await page.getByRole("button", { name: "Suivre le direct" }).click();
    await page.getByRole("radio", { name: "1\u00a0an" }).check();
    await page.getByLabel("Comparer avec").selectOption("before");
    await expect.poll(() => page.locator(".key-other").count()).toBe(1);
    await context.close();
  });

  test("everything can be reached by the keyboard alone", async () => {
    const { page, context } = await at("/");
    await page.locator(".tile").first().waitFor();
    const reached: string[] = [];
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement?.textContent?.trim().slice(0, 30) ?? ""));
    }
    for (const wanted of ["Aller au contenu", "Atelier", "Alarmes", "Tableau mural"]) {
      expect(
        reached.some((text) => text.startsWith(wanted)),
        wanted,
      ).toBe(true);
    }
    expect(reached.some((text) => text.includes("Tour Cazeneuve"))).toBe(true);
    // A page come to by keyboard goes on from its title.
    await page.getByRole("link", { name: "Énergie" }).press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.outerHTML)).toMatch(/^<h1.*Énergie/);
    await context.close();
  });

  /** Until nothing is loading and the gateway is heard. The page's own policy forbids the usual waitForFunction (it evaluates text). */
  async function open(page: Page, path: string): Promise<void> {
    await page.goto(gateway.url + path);
    await page.locator("#title").waitFor();
    const shown =
      ".measure, .tile, .chart-canvas, .device, .label-card, .facts, .panel, .calm, .alarm, .events, .empty";
    await page.locator(shown).first().waitFor();
    await expect.poll(() => page.locator(".loading").count(), { timeout: 15_000 }).toBe(0);
    await page.locator(".link-connecting").waitFor({ state: "detached" });
  }

  /** Whatever can be pressed and is smaller than 44 px in either direction; links inside a sentence are text. */
  const smallTargets = (page: Page): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll("button, select, input, summary, a")].flatMap((element) => {
        const target = element.closest("label") ?? element;
        const { width, height } = target.getBoundingClientRect();
        if (width === 0 || element.closest(".skip") || (element.matches("a") && element.closest("p, header > div")))
          return [];
        return width >= 43.5 && height >= 43.5 ? [] : [`${element.outerHTML.slice(0, 80)} ${width}×${height}`];
      }),
    );
});

/** Words that are cut off because their box does not grow; what scrolls by itself is none, and neither is what only a screen reader reads. */
function cutTexts(): string[] {
  return [...document.querySelectorAll("main *")].flatMap((element) => {
    const { overflowX, overflowY, display } = getComputedStyle(element);
    const seen = display !== "inline" && element.clientWidth > 2 && !element.closest("svg, .u-wrap, legend");
    const cutX = overflowX === "hidden" && element.scrollWidth > element.clientWidth + 2;
    const cutY = overflowY === "hidden" && element.scrollHeight > element.clientHeight + 2;
    return seen && (cutX || cutY) ? [element.outerHTML.slice(0, 100)] : [];
  });
}
