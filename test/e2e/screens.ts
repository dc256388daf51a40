import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { AlarmAnswer } from "../../gateway/core/api.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { openBrowser, screens, type Visit, visit } from "./browser.ts";
import { closedSite, readLedgerAs, setupCode } from "./closed.ts";

/** `npm run screens`: the pictures of docs/screens, from the real gateway with the demonstration workshop, once its warning is there. */
const folder = join(import.meta.dirname, "../../docs/screens");

const pages = {
  workshop: "/",
  wall: "/?wall",
  machine: "/m/laveuse",
  "machine-vibration": "/m/compresseur",
  alarms: "/alarms",
  "alarm-history": "/alarms/history",
  "alarm-quality": "/alarms/quality",
  "alarm-deliveries": "/alarms/deliveries",
  "alarm-duty": "/alarms/duty",
  "alarm-drills": "/alarms/drills",
  commission: "/commission",
  history: "/history?point=compresseur/pressure",
  backtest: "/backtest",
  energy: "/energy",
  bus: "/bus",
  system: "/system",
  config: "/config",
  labels: "/labels",
  trust: "/trust",
} as const;

/** Only where an account is needed; `first-account` before there is one, `sign-in` for a stranger. */
const closedPages = { users: "/users", account: "/account" } as const;

/** Both languages, both themes and both sizes of every page, without every product of them. */
const looks: readonly Required<Visit>[] = [
  { theme: "day", language: "en", screen: "desk" },
  { theme: "night", language: "fr", screen: "desk" },
  { theme: "night", language: "fr", screen: "phone" },
  { theme: "day", language: "en", screen: "phone" },
];

const tall: Readonly<Record<string, number>> = {
  machine: 1_300,
  "machine-vibration": 2_000,
  bus: 1_100,
  system: 1_500,
};
const account = { name: "Camille", password: "le tour chante le matin" };

const [gateway, closed, browser] = await Promise.all([
  launch(["demo"]),
  launch(["demo", "--config", closedSite()]),
  openBrowser(),
]);
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const look of looks) await picture("first-account", closed.url, look);
  await tell("/setup", { code: await setupCode(closed), ...account });
  for (const look of looks) await picture("sign-in", closed.url, look);
  for (const [name, path] of Object.entries(closedPages))
    for (const look of looks) await picture(name, closed.url + path, look, signIn);
  console.log("waiting for the demonstration's warning and some history (four minutes)");
  await eventually(
    async () => (await gateway.get<AlarmAnswer[]>("/api/v1/alarms")).find(({ forecast }) => forecast),
    180_000,
  );
  await new Promise((resolve) => setTimeout(resolve, 90_000));
  for (const [name, path] of Object.entries(pages)) {
    for (const look of looks) {
      const wish = name === "wall" && look.screen === "desk" ? { ...look, screen: "wall" as const } : look;
      await picture(name, gateway.url + path, wish);
    }
    console.log(name);
  }
} finally {
  await browser.close();
  await readLedgerAs(closed, account.name, account.password);
  await Promise.all([gateway.stop(), closed.stop()]);
}

async function picture(
  name: string,
  address: string,
  look: Required<Visit>,
  before: (page: Page) => Promise<void> = async () => undefined,
): Promise<void> {
  const { page, context } = await visit(browser, address, look);
  await before(page);
  await eventually(async () => (await page.locator(".loading").count()) === 0 || undefined, 15_000);
  const height = tall[name];
  if (height && look.screen === "desk") await page.setViewportSize({ ...screens.desk, height });
  await page.waitForTimeout(1_200);
  const size = look.screen === "phone" ? "phone" : "desktop";
  await page.screenshot({ path: join(folder, `${name}-${look.language}-${size}-${look.theme}.png`) });
  await context.close();
}

async function signIn(page: Page): Promise<void> {
  await page.evaluate(async (known) => {
    const headers = { "content-type": "application/json" };
    await fetch("/api/v1/session", { method: "POST", headers, body: JSON.stringify(known) });
  }, account);
  await page.reload();
  await page.locator(".rows, .panel").first().waitFor();
}

async function tell(path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${closed.url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}
