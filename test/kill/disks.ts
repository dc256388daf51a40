// `npm run test:disks` (root): the real program on ext4 images that go bad under it: the kernel makes one read-only, as it does with
// `errors=remount-ro` when a card answers nonsense; another has no inode left. One line of figures each; exit code 1 when it stood
// still, said nothing, or did not come back by itself.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AlarmAnswer } from "../../gateway/core/api.ts";
import { Registers } from "../../gateway/simulate/slave.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { serveSlaves } from "../sim/modbus/device.ts";

if (process.getuid?.() !== 0) {
  console.error("npm run test:disks needs root: it mounts disk images");
  process.exit(1);
}
const BACK_WITHIN = 30_000;
const sh = (command: string, ...args: string[]) =>
  execFileSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
const folder = mkdtempSync(join(tmpdir(), "vigie-disks-"));
const mount = join(folder, "card");
const slave = new Registers();
slave.holding.set(0, 7);
const { port, server } = await serveSlaves(new Map([[1, slave]]), "tcp");
try {
  for (const part of [readOnly, noInodes]) if (!(await part())) process.exitCode = 1;
} finally {
  server.close();
  sh("chattr", "-i", mount);
  rmSync(folder, { recursive: true, force: true });
}

/** A card whose file system the kernel makes read-only under the running gateway, and that a person mends. */
async function readOnly(): Promise<boolean> {
  const image = insert("-q");
  const gateway = await start();
  let [again, sick]: [RunningGateway | undefined, boolean] = [undefined, false];
  try {
    await reads(gateway, 5_000);
    const device = basename(sh("findmnt", "-no", "SOURCE", mount).trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "1");
    sick = !takes(join(mount, "probe"));
    const from = performance.now();
    await eventually(async () => ((await metric(gateway, "log_degraded")) === 1 ? true : undefined), 20_000);
    const noticed = performance.now() - from;
    const during = await reads(gateway, 10_000);
    const told = await eventually(async () => {
      const all = await gateway.get<AlarmAnswer[]>("/api/v1/alarms");
      return all.find(({ point, active }) => active && point?.includes("degraded"));
    }, 120_000);
    await gateway.stop();
    // What is read-only cannot be made writable again while files are open in it: a person stops, starts, and mends the card.
    again = await start();
    const fromMemory = await reads(again, 10_000);
    await eventually(() => leaves(), 10_000);
    fsck(image);
    sh("mount", "-o", "loop,errors=remount-ro", image, mount);
    const back = await home(again);
    const after = await reads(again, 5_000);
    console.log(
      JSON.stringify({
        kind: "made read-only by the kernel",
        sick,
        noticedMs: Math.round(noticed),
        during,
        alarm: told.id,
        fromMemory,
        backMs: back,
        after,
      }),
    );
    return sick && Math.min(during, fromMemory, after) > 8 && back < BACK_WITHIN;
  } finally {
    await gateway.stop("SIGKILL");
    await again?.stop();
    await eventually(() => leaves(), 10_000).catch(() => undefined);
  }
}

/** A card with room, and no inode left for another file: while it runs, and when it starts. */
async function noInodes(): Promise<boolean> {
  insert("-q", "-N", "64");
  const gateway = await start();
  let again: RunningGateway | undefined;
  try {
    await reads(gateway, 3_000);
    const ballast = join(mount, "ballast");
    mkdirSync(ballast);
    let files = 0;
    while (takes(join(ballast, String(files)))) files++;
    const during = await reads(gateway, 10_000);
    const saved = (await metric(gateway, "log_degraded")) === 0;
    await gateway.stop();
    while (takes(join(ballast, String(files)))) files++;
    again = await start();
    const starting = await reads(again, 5_000);
    const fromMemory = again.output().includes("from memory");
    for (const name of readdirSync(ballast)) rmSync(join(ballast, name));
    const back = fromMemory ? await home(again) : 0;
    const after = await reads(again, 5_000);
    console.log(
      JSON.stringify({ kind: "no inode left", files, during, saved, starting, fromMemory, backMs: back, after }),
    );
    return files > 10 && Math.min(during, starting, after) > 8 && back < BACK_WITHIN;
  } finally {
    await gateway.stop("SIGKILL");
    await again?.stop();
    await eventually(() => leaves(), 10_000).catch(() => undefined);
  }
}

function insert(...how: string[]): string {
  const image = join(folder, `${how.length}.img`);
  sh("truncate", "-s", "48M", image);
  sh("mkfs.ext4", "-F", ...how, image);
  mkdirSync(mount, { recursive: true });
  // While the card is out nobody shall make a data folder in its place.
  sh("chattr", "+i", mount);
  sh("mount", "-o", "loop,errors=remount-ro", image, mount);
  return image;
}

async function start(): Promise<RunningGateway> {
  const site = join(folder, "site.yaml");
  const device =
    '{ id: d, slave: 1, every: 100ms, machine: m, signals: { v: { at: 0, table: holding, type: u16, unit: "1" } } }';
  writeFileSync(
    site,
    `site: { id: s, name: S, timezone: UTC }
web: { open: true }
broker: { enabled: false }
machines: [{ id: m, name: M }]
drivers: [{ id: bus, type: modbus, port: "tcp://127.0.0.1:${port}", devices: [${device}] }]
`,
  );
  return launch(["run", "--config", site], { data: join(mount, "data"), fixedPorts: true });
}

async function metric({ url }: RunningGateway, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^vigie_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** Readings of the machine a second, over a while. */
async function reads(gateway: RunningGateway, ms: number): Promise<number> {
  const good = () => metric(gateway, 'readings_good_total\\{driver="bus"\\}');
  const [before, from] = [await good(), performance.now()];
  await sleep(ms);
  return Math.round(((await good()) - before) / ((performance.now() - from) / 1_000));
}

/** Waits until it has gone over to the disk, which is good from now on. */
async function home(gateway: RunningGateway): Promise<number> {
  const from = performance.now();
  await eventually(
    () => gateway.output().includes("from memory are in the store") || undefined,
    60_000,
    gateway.output,
  );
  await eventually(
    () =>
      fetch(`${gateway.url}/healthz`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      ),
    20_000,
  );
  return Math.round(performance.now() - from);
}

function takes(file: string): boolean {
  try {
    writeFileSync(file, "");
    return true;
  } catch {
    return false;
  }
}

function leaves(): true | undefined {
  try {
    sh("umount", mount);
    return true;
  } catch {
    return undefined;
  }
}

/** 1 is what it says when it has mended something. */
function fsck(image: string): void {
  try {
    sh("e2fsck", "-p", "-f", image);
  } catch (error) {
    if (!(error instanceof Error && "status" in error && error.status === 1)) throw error;
  }
}
