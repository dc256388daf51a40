import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { allProfiles, healthyDevice, serveSlaves } from "../sim/modbus/device.ts";
import { axeFindings } from "./axe.ts";
import { openBrowser, visit } from "./browser.ts";
import { demoOnFixedPort } from "./fixed.ts";

const SLAVE = 17;

describeWith(["chromium"], "a meter is put into service from the page", () => {
  let gateway: Awaited<ReturnType<typeof demoOnFixedPort>>;
  let browser: Browser;
  let line: Server;
  let address: string;
  const config = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  beforeAll(async () => {
    cpSync(join(import.meta.dirname, "../../config/demo.yaml"), config);
    const meter = allProfiles.get("eastron-sdm120");
    if (!meter) throw new Error("no profile eastron-sdm120");
    const served = await serveSlaves(new Map([[SLAVE, healthyDevice(meter)]]), "rtu");
    line = served.server;
    address = `rtu+tcp://127.0.0.1:${served.port}`;
    [gateway, browser] = await Promise.all([demoOnFixedPort(config), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    line?.close();
  });

  test("an SDM120 of unknown address is found, named, compared, saved and live, in at most 12 clicks", {
    timeout: 300_000,
  }, async () => {
    const { page, context, complaints } = await visit(browser, `${gateway.url}/bus`);
    const clicks = await counted(page);
    await page.getByRole("link", { name: "Ajouter un appareil" }).click();
    await page.getByLabel("Adresse").fill(address);
    await page.getByRole("region", { name: "Par le réseau" }).getByRole("button", { name: "Chercher" }).click();
    const found = page.locator(".device", { hasText: "SDM120" });
    await found.waitFor({ timeout: 240_000 });
    expect(await found.textContent()).toContain(`esclave ${SLAVE}`);
    expect(await axeFindings(page)).toEqual([]);
    await found.getByRole("button", { name: "Choisir cet appareil" }).click();
    await page.getByRole("combobox", { name: "Machine" }).selectOption("+");
    await page.getByLabel("Nom de la machine").fill("Scie à ruban");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Voir les changements" }).click();
    await expect.poll(() => page.locator(".diff .added").count(), { timeout: 20_000 }).toBeGreaterThan(2);
    expect(await page.locator(".diff .removed").count()).toBe(0);
    await page.getByRole("button", { name: "Enregistrer et appliquer" }).click();
    await expect.poll(() => page.locator(".sheet tbody b").count(), { timeout: 60_000 }).toBeGreaterThan(2);
    expect(await page.locator(".sheet").textContent()).toMatch(/\d\u00a0V/);
    expect(await clicks()).toBeLessThanOrEqual(12);
    console.log(`commissioned in ${await clicks()} clicks`);
    const before = readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8");
    const file = readFileSync(config, "utf8");
    expect(file).toContain("scie-a-ruban");
    // Not a line of the old file is touched, comments included.
    const kept = new Set(file.split("\n"));
    expect(before.split("\n").filter((line) => !kept.has(line))).toEqual([]);
    await page.getByRole("link", { name: "Atelier", exact: true }).click();
    await expect.poll(() => page.locator(".tile h2").allTextContents(), { timeout: 20_000 }).toContain("Scie à ruban");
    expect(complaints.filter((line) => !/ERR_|Failed to load/.test(line))).toEqual([]);
    await context.close();
  });

  /** Counts clicks over page changes within the page. */
  async function counted(page: Page): Promise<() => Promise<number>> {
    await page.evaluate(() => {
      Reflect.set(window, "clicks", 0);
      addEventListener(
        "click",
        (event) => event.isTrusted && Reflect.set(window, "clicks", Reflect.get(window, "clicks") + 1),
        true,
      );
    });
    return () => page.evaluate(() => Number(Reflect.get(window, "clicks")));
  }
});
