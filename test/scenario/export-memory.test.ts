import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clock } from "../../gateway/clock.ts";
import { DAY, HOUR } from "../../gateway/core/time.ts";
import { STORE_FILE } from "../../gateway/log/store.ts";
import { open } from "../bench/store/bench.ts";
import { fill } from "../bench/store/fill.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";

/**
 * What a process may grow by while it writes a table of more than twice that. It grows by 25 to 50 MB and no further, however
 * long the table is: what the reading thread unpacks is collected only now and then.
 */
const ALLOWED_MB = 64;
const DAYS = 18;
const FORMAT = "line-protocol";
const POINT = "gateway/heartbeat";
const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");
const end = Math.floor(clock.now() / DAY) * DAY;
const from = end - DAYS * DAY;
const ROWS = DAYS * 86_400;
const SHORT = 6 * HOUR;

let folder: string;
let gateway: RunningGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-export-"));
  const data = join(folder, "data");
  await (await open(data)).store.close();
  fill(join(data, STORE_FILE), { end, days: DAYS, points: [POINT], years: 0 });
  const site = join(folder, "site.yaml");
  const words = "site: { id: s, name: S, timezone: Europe/Paris }\nweb: { open: true }\nbroker: { enabled: false }\n";
  writeFileSync(site, `${words}notifiers: []\nmachines: []\ndrivers: []\n`);
  gateway = await launch(["run", "--config", site], { data });
}, 60_000);

afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const resident = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_000;

/** The most that a process takes until the work is done. */
async function watched<T>(process: ChildProcess, work: Promise<T>): Promise<{ mostMB: number; result: T }> {
  let [mostMB, over] = [0, false];
  const done = work.finally(() => {
    over = true;
  });
  while (!over) {
    mostMB = Math.max(mostMB, resident(process));
    await Promise.race([sleep(20), done]);
  }
  return { mostMB, result: await done };
}

interface Table {
  rows: number;
  bytes: number;
}

async function tableIn(stream: AsyncIterable<Buffer>): Promise<Table> {
  const table = { rows: 0, bytes: 0 };
  for await (const chunk of stream) {
    table.bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) table.rows++;
  }
  return table;
}

async function asked(to = end): Promise<IncomingMessage> {
  const request = get(`${gateway.url}/api/v1/export?point=${POINT}&from=${from}&to=${to}&format=${FORMAT}`, {
    agent: false,
  });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return answer;
}

test("a long export over HTTP takes no memory, nor does one that nobody reads on; it comes whole in the end", async () => {
  await tableIn(await asked(from + SHORT));
  const before = resident(gateway.process);
  const slow = await asked();
  const fast = await watched(gateway.process, asked().then(tableIn));
  expect(fast.result.rows).toBe(ROWS);
  expect(fast.result.bytes).toBeGreaterThan(2 * ALLOWED_MB * 1e6);
  // The slow one has had as much time.
  expect(fast.mostMB - before).toBeLessThan(ALLOWED_MB);
  const rest = await watched(gateway.process, tableIn(slow));
  expect(rest.result).toEqual(fast.result);
  expect(rest.mostMB - before).toBeLessThan(ALLOWED_MB);
}, 120_000);

test("vigie export takes no memory, whether its reader takes its time or not", async () => {
  const started = (to: number) => {
    const dates = ["--from", new Date(from).toISOString(), "--to", new Date(to).toISOString()];
    const args = [BIN, "export", "--point", POINT, ...dates, "--format", FORMAT, "--data", join(folder, "data")];
    return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  };
  const short = started(from + SHORT);
  const before = (await watched(short, tableIn(short.stdout))).mostMB;
  const child = started(end);
  // It has begun, and waits for whoever reads: nothing more is computed.
  const waits = await watched(
    child,
    once(child.stdout, "readable").then(() => atRest(child)),
  );
  const rest = await watched(child, tableIn(child.stdout));
  expect(rest.result.rows).toBe(ROWS);
  expect(rest.result.bytes).toBeGreaterThan(2 * ALLOWED_MB * 1e6);
  expect(waits.mostMB - before).toBeLessThan(ALLOWED_MB);
  expect(rest.mostMB - before).toBeLessThan(ALLOWED_MB);
}, 120_000);

/** Until a process has used no time for half a second. */
async function atRest(child: ChildProcess): Promise<void> {
  let ticks = -1;
  await eventually(async () => {
    const before = ticks;
    await sleep(500);
    ticks = ticksOf(child);
    return ticks === before || undefined;
  }, 60_000);
}

/** CPU time of a process and its threads. The name in /proc may hold blanks: what counts begins behind it. */
function ticksOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
