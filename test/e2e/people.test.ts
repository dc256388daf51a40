import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { axeFindings } from "./axe.ts";
import { openBrowser, visit } from "./browser.ts";
import { closedSite, readLedgerAs, setupCode } from "./closed.ts";

const PASSWORD = "le tour chante le matin";

describeWith(["chromium"], "people and their accounts", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  let code = "";
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([launch(["demo", "--config", closedSite()]), openBrowser()]);
    code = await setupCode(gateway);
  });
  afterAll(async () => {
    await browser?.close();
    await readLedgerAs(gateway, "Camille", PASSWORD);
    await gateway.stop();
  });

  test("the first account is made with the code of the console, and the workshop opens", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = await visit(browser, gateway.url);
    await expect.poll(() => page.locator("h1").textContent()).toBe("Premier compte");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel("Code affiché").fill("not-the-code-at-all");
    await page.getByLabel("Nom").fill("Camille");
    await page.getByLabel("Mot de passe").fill(PASSWORD);
    await page.getByRole("button", { name: "Créer le compte" }).click();
    await expect.poll(() => page.locator(".problem").textContent(), { timeout: 10_000 }).toContain("refusé");
    await page.getByLabel("Code affiché").fill(code);
    await page.getByRole("button", { name: "Créer le compte" }).click();
    await expect.poll(() => page.locator(".tile").count(), { timeout: 15_000 }).toBe(4);
    await context.close();
  });

  test("a viewer sees everything and is offered nothing that they may not do; a wrong password is refused", {
    timeout: 60_000,
  }, async () => {
    const admin = await visit(browser, gateway.url);
    await signIn(admin.page, "Camille", PASSWORD);
    await admin.page.goto(`${gateway.url}/users`);
    const form = admin.page.getByRole("region", { name: "Créer un compte" });
    await form.getByLabel("Nom").fill("Lou");
    await form.getByLabel("Mot de passe").fill("regarder ne coûte rien");
    await form.getByLabel("Rôle").selectOption("viewer");
    await form.getByRole("button", { name: "Créer un compte" }).click();
    await expect.poll(() => admin.page.locator(".rows").first().textContent(), { timeout: 10_000 }).toContain("Lou");

    expect(await axeFindings(admin.page)).toEqual([]);
    await admin.page.goto(`${gateway.url}/account`);
    await expect.poll(() => admin.page.locator(".rows li").count(), { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await axeFindings(admin.page)).toEqual([]);

    const viewer = await visit(browser, gateway.url);
    await viewer.page.getByLabel("Nom").fill("Lou");
    await viewer.page.getByLabel("Mot de passe").fill("pas le bon mot de passe");
    await viewer.page.getByRole("button", { name: "Se connecter" }).click();
    await expect.poll(() => viewer.page.locator(".problem").textContent(), { timeout: 10_000 }).toContain("incorrect");
    await signIn(viewer.page, "Lou", "regarder ne coûte rien");
    await viewer.page.goto(`${gateway.url}/system`);
    await expect.poll(() => viewer.page.locator(".facts").count(), { timeout: 10_000 }).toBe(1);
    expect(await viewer.page.getByRole("link", { name: "Comptes" }).count()).toBe(0);
    expect(await viewer.page.getByRole("link", { name: "Configuration" }).count()).toBe(0);
    for (const name of ["Journal de la passerelle", "Clients MQTT", "Remettre une sauvegarde"])
      expect(await viewer.page.getByRole("region", { name }).count(), name).toBe(0);
    await viewer.context.close();
    await admin.context.close();
  });

  test("a wall screen opens once by its link, sees the workshop, and can do nothing", { timeout: 60_000 }, async () => {
    const admin = await visit(browser, gateway.url);
    await signIn(admin.page, "Camille", PASSWORD);
    await admin.page.goto(`${gateway.url}/users`);
    await admin.page.getByLabel("Nom de l’écran").fill("mur nord");
    await admin.page.getByRole("button", { name: "Créer le lien" }).click();
    await expect.poll(() => admin.page.locator(".link-once").textContent(), { timeout: 10_000 }).toContain("#token=");
    const address = (await admin.page.locator(".link-once").textContent()) ?? "";
    const screen = await visit(browser, address, { screen: "wall" });
    await expect.poll(() => screen.page.locator(".tile").count(), { timeout: 15_000 }).toBe(4);
    expect(screen.page.url()).not.toContain("token");
    const status = await screen.page.evaluate(
      async () =>
        (
          await fetch("/api/v1/alarms/x/ack", {
            method: "POST",
            body: "{}",
            headers: { "content-type": "application/json" },
          })
        ).status,
    );
    expect(status).toBe(403);
    const again = await visit(browser, address, { screen: "wall" });
    await expect.poll(() => again.page.locator("h1").textContent(), { timeout: 10_000 }).toBe("Se connecter");
    for (const { context } of [screen, again, admin]) await context.close();
  });

  async function signIn(page: import("playwright-core").Page, name: string, password: string): Promise<void> {
    await page.getByLabel("Nom").fill(name);
    await page.getByLabel("Mot de passe").fill(password);
    await page.getByRole("button", { name: "Se connecter" }).click();
    await expect.poll(() => page.locator(".tile").count(), { timeout: 15_000 }).toBe(4);
  }
});
