import { cpSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { openBrowser, visit } from "./browser.ts";

/** A red dot: the smallest photo there is. */
const PHOTO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
  "base64",
);

describeWith(["chromium"], "daily work on the page", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  const config = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  beforeAll(async () => {
    cpSync(join(import.meta.dirname, "../../config/demo.yaml"), config);
    [gateway, browser] = await Promise.all([launch(["demo", "--config", config], { fixedPorts: true }), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  test("a problem is reported from a phone in three taps, and a note carries a photo", {
    timeout: 60_000,
  }, async () => {
    const { page, context, complaints } = await visit(browser, `${gateway.url}/m/tour-1`, { screen: "phone" });
    await page.getByRole("button", { name: "Signaler un problème" }).tap();
    await page.getByRole("button", { name: "Bruit inhabituel" }).tap();
    await page.getByRole("button", { name: "Envoyer" }).tap();
    await expect
      .poll(() => page.locator(".notes li").first().textContent(), { timeout: 5_000 })
      .toMatch(/problème.*Bruit inhabituel/);
    await page.getByRole("button", { name: "Écrire une note" }).tap();
    await page.getByLabel("Ce qui se passe").fill("graissé le chariot");
    await page.locator("input[type=file]").setInputFiles({ name: "chariot.png", mimeType: "image/png", buffer: PHOTO });
    await page.getByRole("button", { name: "Envoyer" }).tap();
    const photo = page.locator(".notes li", { hasText: "graissé le chariot" }).locator("img");
    await expect
      .poll(() => photo.evaluate((image) => (image as HTMLImageElement).naturalWidth), { timeout: 5_000 })
      .toBe(5);
    expect(complaints).toEqual([]);
    await page.reload();
    await expect.poll(() => page.locator(".notes li").count(), { timeout: 10_000 }).toBe(2);
    await context.close();
  });

  test("what a chart shows can be taken away as a French spreadsheet", { timeout: 60_000 }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/history?point=tour-1/power`);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Télécharger (CSV)" }).click(),
    ]);
    const text = readFileSync(await file.path(), "utf8");
    expect(text.split("\r\n")[0]).toBe("\uFEFFheure;epoch_ms;mesure;valeur;unité;cause");
    expect(text.split("\r\n")[1]).toMatch(/;tour-1\/power;\d+(,\d+)?;W;/);
    await context.close();
  });

  test("the site file is checked while it is written, compared, saved with its comments, and runs", {
    timeout: 90_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/config`);
    const text = page.getByRole("textbox", { name: "Configuration" });
    const before = await text.inputValue();
    const save = page.getByRole("button", { name: "Enregistrer et appliquer" });
    await text.fill(before.replace("kind: lathe", "kind: lathe, colour: red"));
    await expect
      .poll(() => page.locator(".panel").first().textContent(), { timeout: 10_000 })
      .toMatch(/site\.yaml:\d+:\d+ .*clé inconnue/);
    expect(await save.isDisabled()).toBe(true);
    await text.fill(before.replace("fr: Tour Cazeneuve HB575", "fr: Le gros tour"));
    await expect.poll(() => save.isEnabled(), { timeout: 10_000 }).toBe(true);
    expect(await page.locator(".diff .added").textContent()).toContain("Le gros tour");
    expect(await page.locator(".diff .removed").count()).toBe(1);
    await save.click();
    await expect.poll(() => readFileSync(config, "utf8"), { timeout: 20_000 }).toContain("Le gros tour");
    expect(readFileSync(config, "utf8")).toContain("# The demonstration workshop.");
    await page.getByRole("link", { name: "Atelier", exact: true }).click();
    await expect.poll(() => page.locator(".tile h2").allTextContents(), { timeout: 30_000 }).toContain("Le gros tour");
    await context.close();
  });

  test("what is wrong with a site file is said in the language of the page, not of the site", async () => {
    const { page, context } = await visit(browser, `${gateway.url}/config`, { language: "en" });
    const text = page.getByRole("textbox", { name: "Configuration" });
    await text.fill((await text.inputValue()).replace("kind: lathe", "kind: lathe, colour: red"));
    await expect
      .poll(() => page.locator(".panel").first().textContent(), { timeout: 10_000 })
      .toMatch(/site\.yaml:\d+:\d+ .*unknown key/);
    await context.close();
  });

  test("an action made offline fails before one's eyes, and is never sent later", { timeout: 60_000 }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/m/pasteurisateur`, { screen: "phone" });
    await page.locator(".measures li").first().waitFor();
    const sent: string[] = [];
    page.on("request", (request) => {
      if (request.method() !== "GET") sent.push(request.url());
    });
    // What is open stays open (the stream goes on), but nothing new gets out: the moment before the page knows of it.
    await context.setOffline(true);
    await page.getByRole("button", { name: "Signaler un problème" }).tap();
    await page.getByRole("button", { name: "Fuite" }).tap();
    await page.getByRole("button", { name: "Envoyer" }).tap();
    await expect
      .poll(() => page.locator("[role=alert].problem, .problem").textContent(), { timeout: 5_000 })
      .toMatch(/n’a pas reçu|ne répond/);
    expect(sent).toHaveLength(1);
    await context.setOffline(false);
    await page.waitForResponse(/\/api\/v1\/machines/, { timeout: 15_000 });
    await page.waitForResponse(/\/api\/v1\/machines/, { timeout: 15_000 });
    expect(sent).toHaveLength(1);
    // A site file on trial may have gone back just now, and with it the server for a moment.
    const notes = async () => (await fetch(`${gateway.url}/api/v1/machines/pasteurisateur/notes`)).json();
    await expect.poll(notes, { timeout: 10_000 }).toEqual([]);
    // What was typed is still there: one more touch sends it.
    await page.getByRole("button", { name: "Envoyer" }).tap();
    await expect.poll(() => page.locator(".notes li").count(), { timeout: 5_000 }).toBe(1);
    await context.close();
  });

  test("a backup is downloaded, refused when it is something else, and put back with a plain warning", {
    timeout: 120_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/system`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Télécharger une sauvegarde" }).click(),
    ]);
    const backup = await download.path();
    const uptime = async () =>
      (
        (await (await fetch(`${gateway.url}/api/v1/state`).catch(() => undefined))?.json()) as
          | { uptime: number }
          | undefined
      )?.uptime ?? Number.POSITIVE_INFINITY;
    await page.goto(`${gateway.url}/system`);
    const restore = page.getByRole("region", { name: "Remettre une sauvegarde" });
    const file = restore.getByLabel("Fichier de sauvegarde");
    await file.setInputFiles({ name: "chat.db", mimeType: "image/png", buffer: PHOTO });
    await expect
      .poll(() => restore.locator(".problem").textContent(), { timeout: 20_000 })
      .toContain("no sound backup");
    expect(await restore.getByRole("button", { name: "Remettre cette sauvegarde" }).count()).toBe(0);
    await file.setInputFiles(backup);
    await expect.poll(() => restore.textContent(), { timeout: 30_000 }).toContain("Sauvegarde saine");
    expect(await restore.locator(".advice").textContent()).toContain("mis de côté");
    const before = await uptime();
    await restore.getByRole("button", { name: "Remettre cette sauvegarde" }).click();
    await expect.poll(() => restore.textContent(), { timeout: 10_000 }).toContain("redémarre avec la sauvegarde");
    await expect.poll(uptime, { timeout: 40_000 }).toBeLessThan(before);
    expect(readdirSync(gateway.data).filter((name) => name.startsWith("before-restore-"))).toHaveLength(1);
    await expect.poll(() => page.locator(".banner.lost").count(), { timeout: 30_000 }).toBe(0);
    await context.close();
  });
});
