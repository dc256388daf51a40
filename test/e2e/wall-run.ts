import type { Page } from "playwright-core";
import type { PointAnswer, StateAnswer } from "../../gateway/core/api.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { openBrowser, screens } from "./browser.ts";
import { openDoor, Stream } from "./door.ts";

export interface WallFigures {
  updates: number;
  hours: number;
  /** Bytes of live JavaScript after the first tenth, and at the end, each after a collection. */
  heapBefore: number;
  heapAfter: number;
  nodesBefore: number;
  nodesAfter: number;
  complaints: string[];
}

const PACE = 25;

/**
 * A wall board for a day: `updates` live events, faster than life, and the browser's clock stepped through `minutes` second by
 * second (every timer fires) and through `hours` in leaps. The page, its files and every answer are the real gateway's; only
 * the stream is a quick one, made of the real points.
 */
export async function runWall(updates: number, minutes: number, hours: number): Promise<WallFigures> {
  const gateway = await launch(["demo"]);
  const browser = await openBrowser();
  const stream = await quickStream(gateway.url);
  try {
    const page = await (await browser.newContext({ viewport: screens.wall, reducedMotion: "reduce" })).newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.clock.install();
    await page.goto(`${stream.url}/?wall`);
    await page.locator(".tile").first().waitFor();
    await eventually(async () => stream.sent() > updates / 10 || undefined, 600_000);
    const before = await weigh(page);
    for (let second = 0; second < 60 * minutes; second++) await page.clock.runFor(1_000);
    await page.locator(".banner.lost").waitFor({ state: "detached", timeout: 30_000 });
    for (let hour = 0; hour < hours; hour++) {
      await page.clock.fastForward(3_600_000);
      // The jump looks like an hour of silence; the page must come back to the present by itself.
      await page.locator(".banner.lost").waitFor({ state: "detached", timeout: 30_000 });
    }
    await eventually(async () => stream.sent() >= updates || undefined, 3_600_000);
    const after = await weigh(page);
    return {
      updates: stream.sent(),
      hours,
      heapBefore: before.heap,
      heapAfter: after.heap,
      nodesBefore: before.nodes,
      nodesAfter: after.nodes,
      complaints,
    };
  } finally {
    await browser.close();
    await stream.close();
    await gateway.stop();
  }
}

async function weigh(page: Page): Promise<{ heap: number; nodes: number }> {
  const tools = await page.context().newCDPSession(page);
  for (let i = 0; i < 3; i++) await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  const { nodes } = await tools.send("Memory.getDOMCounters");
  await tools.detach();
  return { heap: usedSize, nodes };
}

interface QuickStream {
  url: string;
  sent(): number;
  close(): Promise<void>;
}

/** The real gateway with a stream of its own points, forty times a second. */
async function quickStream(gateway: string): Promise<QuickStream> {
  const points = (await (await fetch(`${gateway}/api/v1/points`)).json()) as PointAnswer[];
  const state = (await (await fetch(`${gateway}/api/v1/state`)).json()) as StateAnswer;
  const stream = new Stream();
  const door = await openDoor(
    gateway,
    ({ url }, answer) => url?.startsWith("/api/v1/events") === true && stream.join(answer),
  );
  const timer = setInterval(() => {
    const wave = (point: PointAnswer): number => 1 + Math.sin(stream.sent + point.id.length) / 20;
    const moved = points.map((point) => ({
      ...point,
      age: 0,
      t: Date.now(),
      value: point.value === null ? null : point.value * wave(point),
    }));
    stream.tell("points", moved);
    if (stream.sent % 40 === 0) stream.tell("state", state);
  }, PACE);
  return {
    url: door.url,
    sent: () => stream.sent,
    close: async () => {
      clearInterval(timer);
      await door.close();
    },
  };
}
