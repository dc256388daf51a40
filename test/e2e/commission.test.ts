import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { put, Registers } from "../../gateway/simulate/slave.ts";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { allProfiles, healthyDevice, serveSlaves } from "../sim/modbus/device.ts";
import { axeFindings } from "./axe.ts";
import { openBrowser, visit } from "./browser.ts";
import { type SerialMeter, serialMeter } from "./meter.ts";

const SLAVE = 17;
/** Neither its factory setting (2400) nor the first one that is tried. */
const BAUD = 19_200;
const DEMO = join(import.meta.dirname, "../../config/demo.yaml");

describeWith(["chromium", "socat"], "devices are put into service from the page", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  let meter: SerialMeter;
  let unknown: Server;
  let unknownPort = 0;
  const config = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  beforeAll(async () => {
    cpSync(DEMO, config);
    // The node is plugged in, but nobody has taken it onto a machine yet.
    const site = parseDocument(readFileSync(config, "utf8"));
    site.deleteIn(["drivers", 2, "nodes"]);
    site.delete("detectors");
    writeFileSync(config, String(site));
    meter = await serialMeter("eastron-sdm120", SLAVE, BAUD);
    // A home-built controller: a temperature at register 0, whatever else after it.
    const registers = new Registers();
    for (let at = 0; at < 16; at++) registers.holding.set(at, 1_000 + 37 * at);
    put.f32(registers.holding, 0, 73.42);
    const sdm54 = allProfiles.get("eastron-sdm54");
    if (!sdm54) throw new Error("no profile eastron-sdm54");
    const slaves = new Map([
      [2, healthyDevice(sdm54)],
      [3, registers],
    ]);
    ({ server: unknown, port: unknownPort } = await serveSlaves(slaves, "tcp"));
    [gateway, browser] = await Promise.all([launch(["demo", "--config", config], { fixedPorts: true }), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    meter?.close();
    unknown?.close();
  });

  test("an SDM120 of unknown address and baud rate is found, named, compared, saved and live, in at most 12 clicks", {
    timeout: 400_000,
  }, async () => {
    const { page, context, complaints } = await visit(browser, `${gateway.url}/bus`);
    const clicks = await counted(page);
    const began = performance.now();
    const before = readFileSync(config, "utf8");
    await page.getByRole("link", { name: "Ajouter un appareil" }).click();
    await page.getByLabel("Adresse").fill(meter.path);
    await page.getByRole("region", { name: "Par le réseau" }).getByRole("button", { name: "Chercher" }).click();
    await page.locator("progress").waitFor();
    const found = page.locator(".device", { hasText: "SDM120" });
    await found.waitFor({ timeout: 300_000 });
    expect(await found.textContent()).toContain(`esclave ${SLAVE}`);
    expect(await axeFindings(page)).toEqual([]);
    await found.getByRole("button", { name: "Choisir cet appareil" }).click();
    await page.getByRole("combobox", { name: "Machine" }).selectOption("+");
    await page.getByLabel("Nom de la machine").fill("Scie à ruban");
    // Every signal of the profile, read live, with its verdict.
    await expect.poll(() => page.locator(".signal").count(), { timeout: 20_000 }).toBeGreaterThan(8);
    expect(await page.locator(".signal", { hasText: "Tension" }).first().locator(".mark, svg").count()).toBeGreaterThan(
      0,
    );
    await page.getByLabel(/^nom sur la page Tension/).fill("Tension du réseau");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Voir les changements" }).click();
    await expect.poll(() => page.locator(".diff .added").count(), { timeout: 20_000 }).toBeGreaterThan(2);
    expect(await page.locator(".diff .removed").count()).toBe(0);
    expect(await page.locator(".diff").textContent()).toContain(`baud: ${BAUD}`);
    expect(await page.locator(".budget").textContent()).toMatch(/Nouveau bus.*bus occupé à \d+\s%/);
    await page.getByRole("button", { name: "Enregistrer et appliquer" }).click();
    await expect.poll(() => page.locator(".sheet tbody b").count(), { timeout: 60_000 }).toBeGreaterThan(5);
    await expect.poll(() => page.locator(".sheet").textContent(), { timeout: 30_000 }).toMatch(/\d\u00a0V/);
    console.log(`commissioned in ${await clicks()} clicks and ${Math.round((performance.now() - began) / 1_000)} s`);
    expect(await clicks()).toBeLessThanOrEqual(12);
    await sheetSaysAll(page);
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

  /** Address, raw bytes, decoded value, live value, reference, tolerance and verdict of each signal. */
  async function sheetSaysAll(page: Page): Promise<void> {
    const row = page.locator(".sheet tbody tr", { hasText: "Tension du réseau" });
    expect(await row.textContent()).toMatch(/input 0 f32.*([0-9A-F]{2} ){3}[0-9A-F]{2}.*230/);
    await row.getByLabel(/Valeur de référence/).fill("230,4");
    await expect.poll(() => row.textContent()).toMatch(/\bconforme/);
    await row.getByLabel(/Valeur de référence/).fill("250");
    await expect.poll(() => row.textContent()).toContain("non conforme");
    await page.getByLabel("Tolérance").fill("20");
    await expect.poll(() => row.textContent()).not.toContain("non conforme");
    expect(await axeFindings(page)).toEqual([]);
  }

  test("a model that reading cannot tell from its sister is chosen by its nameplate", {
    timeout: 120_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/commission`);
    await page.getByLabel("Adresse", { exact: true }).fill(`tcp://127.0.0.1:${unknownPort}`);
    await page.getByRole("button", { name: "Chercher" }).last().click();
    const found = page.locator(".device", { hasText: "esclave 2" });
    await found.waitFor({ timeout: 60_000 });
    expect(await found.getByRole("heading").textContent()).toBe("Peut-être l’un de ces modèles");
    expect(await found.getByRole("button").allTextContents()).toEqual([
      "Eastron SDM54 (tariff meter)",
      "Eastron SDM72D-M v2",
      "Décoder à la main",
    ]);
    expect(await axeFindings(page)).toEqual([]);
    await found.getByRole("button", { name: "SDM72D-M v2" }).click();
    await expect
      .poll(() => page.getByRole("combobox", { name: "Modèle" }).inputValue(), { timeout: 20_000 })
      .toBe("eastron-sdm72d-m-v2");
    await context.close();
  });

  test("what the device's own screen shows finds the registers of a device that nobody knows", {
    timeout: 120_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/commission`);
    await page.getByLabel("Adresse", { exact: true }).fill(`tcp://127.0.0.1:${unknownPort}`);
    await page.getByRole("button", { name: "Chercher" }).last().click();
    const found = page.locator(".device", { hasText: "esclave 3" });
    await found.waitFor({ timeout: 60_000 });
    await found.getByRole("button", { name: "Décoder à la main" }).click();
    await page.getByLabel("Sur l’écran").fill("73,4");
    await page.getByRole("button", { name: "Lire et classer" }).click();
    const first = page.locator(".decoder .rows li").first();
    await first.waitFor();
    expect(await page.locator(".decoder [role=status]").textContent()).toContain("la plus probable");
    expect(await first.textContent()).toMatch(/Adresse 0 · f32 ABCD/);
    await first.getByRole("button", { name: "Prendre" }).click();
    await first.getByLabel("Mesure").fill("Chambrage");
    await first.getByLabel("Unité").fill("Cel");
    expect(await axeFindings(page)).toEqual([]);
    await first.getByRole("button", { name: "Prendre" }).click();
    await page.getByRole("button", { name: "Voir les changements" }).click();
    await expect
      .poll(() => page.locator(".diff").textContent(), { timeout: 20_000 })
      .toMatch(/chambrage:[\s\S]*at: 0[\s\S]*type: f32/);
    expect(await page.locator(".problem").count()).toBe(0);
    await context.close();
  });

  test("one more device on a line that is read already shows the bus before and after", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/commission`);
    const join = page.getByRole("region", { name: "Sur un bus déjà lu" });
    await join.getByLabel("Ligne").selectOption("ligne-laveuse");
    await join.getByLabel("Modèle").selectOption("eastron-sdm120");
    await join.getByLabel("Adresse esclave").fill("7");
    await join.getByRole("button", { name: "Continuer" }).click();
    await page.getByRole("combobox", { name: "Machine" }).selectOption("+");
    await page.getByLabel("Nom de la machine").fill("Étiqueteuse");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Voir les changements" }).click();
    const budget = page.locator(".budget");
    await budget.waitFor({ timeout: 20_000 });
    const [, before, after] =
      /Bus avant.*occupé à (\d+)\s%[\s\S]*Bus après.*occupé à (\d+)\s%/.exec((await budget.textContent()) ?? "") ?? [];
    expect(Number(after)).toBeGreaterThan(Number(before));
    expect(await page.locator(".diff").textContent()).toContain("slave: 7");
    expect(await page.locator(".problem").count()).toBe(0);
    await context.close();
  });

  test("a node that nobody has configured appears by itself and is taken into the site file", {
    timeout: 120_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/commission`);
    const nodes = page.getByRole("region", { name: "Nœuds qui se sont annoncés" });
    await nodes.waitFor({ timeout: 20_000 });
    expect(await nodes.textContent()).toContain("noeud-compresseur");
    expect(await axeFindings(page)).toEqual([]);
    await nodes.getByRole("button", { name: "Prendre ce nœud" }).click();
    await page.getByRole("combobox", { name: "Machine" }).selectOption("compresseur");
    expect(await page.locator(".signal").count()).toBeGreaterThan(2);
    await page.getByRole("button", { name: "Voir les changements" }).click();
    await expect.poll(() => page.locator(".diff .added").count(), { timeout: 20_000 }).toBeGreaterThan(2);
    expect(await page.locator(".problem").count()).toBe(0);
    await page.getByRole("button", { name: "Enregistrer et appliquer" }).click();
    await expect.poll(() => page.locator(".sheet tbody .ago").count(), { timeout: 60_000 }).toBeGreaterThan(2);
    await expect.poll(() => page.locator(".sheet tbody .ago.old").count(), { timeout: 30_000 }).toBe(0);
    expect(readFileSync(config, "utf8")).toMatch(/nodes:[\s\S]*noeud-compresseur/);
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
