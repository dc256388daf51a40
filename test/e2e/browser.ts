import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Debian's Chromium, with nothing that calls home. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--headless",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });

export const screens = {
  desk: { width: 1366, height: 820 },
  phone: { width: 390, height: 844 },
  narrow: { width: 360, height: 740 },
  wall: { width: 1920, height: 1080 },
} as const;

export interface Visit {
  screen?: keyof typeof screens;
  language?: "fr" | "en";
  theme?: "day" | "night";
}

/** A fresh visitor. `complaints` fills with everything the page should never say: errors, refused content, failed scripts. */
export interface Visitor {
  page: Page;
  context: BrowserContext;
  complaints: string[];
}

export async function visit(browser: Browser, address: string, wish: Visit = {}): Promise<Visitor> {
  const { screen = "desk", language = "fr", theme = "day" } = wish;
  const context = await browser.newContext({
    viewport: screens[screen],
    hasTouch: screen === "phone" || screen === "narrow",
    locale: language,
    reducedMotion: "reduce",
    ignoreHTTPSErrors: true,
  });
  await context.addInitScript(
    ([words, colours]) => {
      if (localStorage.getItem("vigie.language") === null)
        localStorage.setItem("vigie.language", JSON.stringify(words));
      if (localStorage.getItem("vigie.theme") === null) localStorage.setItem("vigie.theme", JSON.stringify(colours));
    },
    [language, theme],
  );
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error" || /Content Security Policy/.test(line.text())) complaints.push(line.text());
  });
  await page.goto(address);
  await page.locator("#title").waitFor();
  return { page, context, complaints };
}
