import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import type { PointAnswer, StateAnswer } from "../../gateway/core/api.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { openBrowser, screens } from "./browser.ts";

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
 * A wall board for a day: `updates` live events, faster than life, and the browser's clock stepped through `hours`. The page,
 * its files and every answer are the real gateway's; only the stream is a quick one, made of the real points.
 */
export async function runWall(updates: number, hours: number): Promise<WallFigures> {
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

/** A door before the gateway that answers `/events` itself, forty times a second. */
async function quickStream(gateway: string): Promise<QuickStream> {
  const pages = new Set<ServerResponse>();
  let sent = 0;
  const points = (await (await fetch(`${gateway}/api/v1/points`)).json()) as PointAnswer[];
  const state = (await (await fetch(`${gateway}/api/v1/state`)).json()) as StateAnswer;
  const door: Server = createServer((asked, answer) => {
    if (asked.url?.startsWith("/api/v1/events")) {
      answer.writeHead(200, { "content-type": "text/event-stream" });
      pages.add(answer);
      answer.once("close", () => pages.delete(answer));
      return;
    }
    const onward = request(gateway + asked.url, {
      method: asked.method,
      headers: { ...asked.headers, host: new URL(gateway).host },
    });
    onward.on("response", (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  const timer = setInterval(() => {
    if (pages.size === 0) return;
    sent++;
    const moved = points.map((point) => ({
      ...point,
      age: 0,
      t: Date.now(),
      value: point.value === null ? null : point.value * (1 + Math.sin(sent + point.id.length) / 20),
    }));
    const words = `id: ${sent}.0\nevent: points\ndata: ${JSON.stringify(moved)}\n\n`;
    const told = sent % 40 === 0 ? `event: state\ndata: ${JSON.stringify(state)}\n\n` : "";
    for (const page of pages) page.write(words + told);
  }, PACE);
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    sent: () => sent,
    close: async () => {
      clearInterval(timer);
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
    },
  };
}
