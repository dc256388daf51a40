import type { Browser, Page } from "playwright-core";
import type { HistoryAnswer, PointAnswer, StateAnswer } from "../../gateway/core/api.ts";
import { epochMs } from "../../gateway/core/time.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { openBrowser, screens } from "./browser.ts";
import { json, openDoor, Stream } from "./door.ts";

/** `npm run speed`: what the page costs on a slow phone, on the real gateway. Prints figures beside their goals. */
const gateway = await launch(["demo"]);
const browser = await openBrowser();
try {
  await eventually(
    async () => ((await gateway.get<PointAnswer[]>("/api/v1/points")).length > 20 ? true : undefined),
    20_000,
  );
  await firstPaint(browser);
  await sixtyPoints(browser);
} finally {
  await browser.close();
  await gateway.stop();
}

/** From the address to tiles with values, the processor slowed four times; the median of five cold visits. */
async function firstPaint(browser: Browser): Promise<void> {
  const times: number[] = [];
  for (let visit = 0; visit < 5; visit++) {
    const context = await browser.newContext({ viewport: screens.phone });
    const page = await context.newPage();
    await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await page.addInitScript(() => {
      new MutationObserver((_, watch) => {
        if (!document.querySelector(".tile-value strong")) return;
        watch.disconnect();
        requestAnimationFrame(() => performance.mark("tiles"));
      }).observe(document, { childList: true, subtree: true });
    });
    await page.goto(gateway.url);
    await expectMark(page);
    times.push(await page.evaluate(() => performance.getEntriesByName("tiles")[0]?.startTime ?? Number.NaN));
    await context.close();
  }
  times.sort((a, b) => a - b);
  console.log(
    `tiles with values, cold, processor slowed 4 times: median ${Math.round(times[2] ?? 0)} ms, worst ${Math.round(times[4] ?? 0)} ms (goal ≤ 1000)`,
  );
}

function expectMark(page: Page): Promise<number> {
  return eventually(
    async () => (await page.evaluate(() => performance.getEntriesByName("tiles").length)) || undefined,
    20_000,
  );
}

/** Sixty points of one machine, all moving four times a second, and a year of one of them. */
async function sixtyPoints(browser: Browser): Promise<void> {
  const [model] = await gateway.get<PointAnswer[]>("/api/v1/points?machine=laveuse");
  const state = await gateway.get<StateAnswer>("/api/v1/state");
  if (!model) throw new Error("the demonstration has no points");
  const points = Array.from(
    { length: 60 },
    (_, i): PointAnswer => ({ ...model, id: `laveuse/p${i}`, title: { fr: `Mesure ${i}`, en: `Point ${i}` } }),
  );
  const stream = new Stream();
  const door = await openDoor(gateway.url, ({ url = "" }, answer) => {
    if (url.startsWith("/api/v1/events")) return stream.join(answer);
    if (url.startsWith("/api/v1/points")) return json(answer, points);
    return url.startsWith("/api/v1/history") && json(answer, yearOf(new URL(url, gateway.url).searchParams));
  });
  const timer = setInterval(() => {
    stream.tell(
      "points",
      points.map((point, i) => ({ ...point, age: 0, t: Date.now(), value: 1_000 + 100 * Math.sin(stream.sent + i) })),
    );
    if (stream.sent % 4 === 0) stream.tell("state", state);
  }, 250);
  try {
    const context = await browser.newContext({ viewport: screens.desk });
    const page = await context.newPage();
    await page.goto(`${door.url}/m/laveuse`);
    await page.locator(".measure").nth(59).waitFor();
    const tools = await context.newCDPSession(page);
    // Time of the thread, not of the wall: other work on the machine does not count.
    await tools.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async () =>
      (await tools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
    const [before, began] = [await busy(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const share = (await busy()) - before;
    console.log(
      `60 points at 4 Hz: ${((share / (performance.now() - began)) * 1e5).toFixed(1)} % of a core in the page (goal < 15)`,
    );
    const year = await page.evaluate(async () => {
      const before = document.querySelector(".chart-canvas")?.getAttribute("aria-label");
      const input = document.querySelector<HTMLInputElement>("input[value=y1]");
      const start = performance.now();
      input?.click();
      while (document.querySelector(".chart-canvas")?.getAttribute("aria-label")?.slice(-20) === before?.slice(-20))
        await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      return performance.now() - start;
    });
    console.log(`a year of one point, from the touch to the drawn line: ${Math.round(year)} ms (goal ≤ 300)`);
    await context.close();
  } finally {
    clearInterval(timer);
    await door.close();
  }
}

function yearOf(asked: URLSearchParams): HistoryAnswer {
  const [from, to, buckets] = ["from", "to", "buckets"].map((name) => Number(asked.get(name)));
  const [start, end, count] = [from ?? 0, to ?? 0, buckets ?? 1];
  const size = end - start > 300 * 86_400_000 ? 500 : 100;
  return {
    point: "laveuse/p0",
    unit: "W",
    buckets: Array.from({ length: count }, (_, i) => {
      const mean = size * (2 + Math.sin(i / 9));
      return {
        t: epochMs(start + (i * (end - start)) / count),
        min: mean * 0.9,
        mean,
        max: mean * 1.1,
        count: 9,
        bad: 0,
      };
    }),
  };
}
