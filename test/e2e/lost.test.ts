import { type AddressInfo, connect, createServer, type Server } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { openBrowser, visit } from "./browser.ts";

describeWith(["chromium"], "a page whose gateway goes away", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  // The gateway gets another port each time it starts; the page must not notice.
  let door: Server;
  const address = () => `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([launch(["demo"]), openBrowser()]);
    door = createServer((page) => {
      const behind = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      page.on("error", () => behind.destroy()).pipe(behind);
      behind.on("error", () => page.destroy()).on("close", () => page.destroy());
      behind.pipe(page);
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await browser?.close();
    door?.close();
    await gateway?.stop();
  });

  test("says so within 3 s, greys every value, sends no action, and comes back by itself", {
    timeout: 90_000,
  }, async () => {
    const wall = await visit(browser, `${address()}/?wall`, { screen: "wall" });
    await expect.poll(() => wall.page.locator(".tile").count(), { timeout: 10_000 }).toBe(4);
    const { page, context } = await visit(browser, address());
    const tile = page.locator(".tile").first();
    await expect.poll(() => tile.locator(".tile-value strong").count(), { timeout: 10_000 }).toBe(1);
    // Frozen, not closed: the socket stays open and nothing comes any more.
    gateway.process.kill("SIGSTOP");
    const stopped = performance.now();
    await page.locator(".banner.lost").waitFor({ timeout: 6_000 });
    const seen = performance.now() - stopped;
    console.log(`a frozen gateway shows after ${(seen / 1_000).toFixed(1)} s`);
    expect(seen).toBeLessThan(3_000);
    await expect.poll(() => page.locator(".tile .ago.old").count(), { timeout: 8_000 }).toBe(4);
    expect(await page.locator(".banner.lost").textContent()).toContain("ne répond plus");
    // Seen from far, a tile must not go on saying that all is well, nor be pushed off the screen by the banner.
    expect(await page.locator(".tile.tone-ok").count()).toBe(0);
    const ring = page.locator(".health.tone-ok").first();
    expect(await ring.evaluate((element) => getComputedStyle(element).filter)).toBe("grayscale(1)");
    await wall.page.locator(".banner.lost").waitFor({ timeout: 6_000 });
    await expect
      .poll(() => wall.page.evaluate(() => document.documentElement.scrollHeight - innerHeight), { timeout: 5_000 })
      .toBe(0);
    await wall.context.close();
    await gateway.stop("SIGKILL");
    gateway = await launch(["demo"], { data: gateway.data });
    await expect.poll(() => page.locator(".banner.lost").count(), { timeout: 20_000 }).toBe(0);
    await expect.poll(() => page.locator(".tile .ago.old").count(), { timeout: 15_000 }).toBe(0);
    await context.close();
  });

  test("opens without it: the shell and the last known state, marked as old", { timeout: 90_000 }, async () => {
    const { page, context } = await visit(browser, address());
    await expect
      .poll(() => page.evaluate(() => localStorage.getItem("vigie.last-known") !== null), { timeout: 20_000 })
      .toBe(true);
    await expect
      .poll(() => page.evaluate(async () => (await caches.match("/")) !== undefined), { timeout: 10_000 })
      .toBe(true);
    await gateway.stop("SIGKILL");
    await page.reload();
    await expect.poll(() => page.locator(".tile").count(), { timeout: 10_000 }).toBe(4);
    await page.locator(".banner.lost").waitFor();
    await expect.poll(() => page.locator(".tile .ago.old").count(), { timeout: 10_000 }).toBe(4);
    await context.close();
  });
});
