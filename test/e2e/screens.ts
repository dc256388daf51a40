import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AlarmAnswer } from "../../gateway/core/api.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { openBrowser, screens, type Visit, visit } from "./browser.ts";

/** `npm run screens`: the pictures of docs/screens, from the real gateway with the demonstration workshop, once its warning is there. */
const folder = join(import.meta.dirname, "../../docs/screens");

const pages = {
  workshop: "/",
  wall: "/?wall",
  machine: "/m/laveuse",
  alarms: "/alarms",
  "alarm-history": "/alarms/history",
  "alarm-quality": "/alarms/quality",
  commission: "/commission",
  history: "/history?point=compresseur/pressure",
  energy: "/energy",
  bus: "/bus",
  system: "/system",
  config: "/config",
  labels: "/labels",
  trust: "/trust",
} as const;

/** Both languages, both themes and both sizes of every page, without every product of them. */
const looks: readonly Required<Visit>[] = [
  { theme: "day", language: "en", screen: "desk" },
  { theme: "night", language: "fr", screen: "desk" },
  { theme: "night", language: "fr", screen: "phone" },
  { theme: "day", language: "en", screen: "phone" },
];

const gateway = await launch(["demo"]);
const browser = await openBrowser();
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log("waiting for the demonstration's warning and some history (four minutes)");
  await eventually(
    async () => (await gateway.get<AlarmAnswer[]>("/api/v1/alarms")).find(({ forecast }) => forecast),
    180_000,
  );
  await new Promise((resolve) => setTimeout(resolve, 90_000));
  for (const [name, path] of Object.entries(pages)) {
    for (const look of looks) {
      const wish = name === "wall" && look.screen === "desk" ? { ...look, screen: "wall" as const } : look;
      const { page, context } = await visit(browser, gateway.url + path, wish);
      await page.locator(".loading").waitFor({ state: "detached" });
      if (name === "machine" && wish.screen === "desk") await page.setViewportSize({ ...screens.desk, height: 1_300 });
      await page.waitForTimeout(1_200);
      await page.screenshot({
        path: join(
          folder,
          `${name}-${look.language}-${look.screen === "desk" ? "desktop" : "phone"}-${look.theme}.png`,
        ),
      });
      await context.close();
    }
    console.log(name);
  }
} finally {
  await browser.close();
  await gateway.stop();
}
