import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { STORE_FILE } from "../../gateway/log/store.ts";
import { checkNumbers, flipsSeeded } from "./damage.ts";
import { check, startWriter, type Told } from "./trial.ts";

/**
 * npm run test:kill [-- --kills 50 --flips 1000]: kills, failing system calls (strace), a full and a read-only disk, flipped
 * bits. Prints one line of figures per kind; exit code 1 when anything that was reported saved is missing.
 */
const { values } = parseArgs({
  options: { kills: { type: "string", default: "50" }, flips: { type: "string", default: "1000" } },
});
const root = mkdtempSync(join(tmpdir(), "vigie-kill-"));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let failed = false;

function report(kind: string, figures: Record<string, number | string | boolean>, good: boolean): void {
  failed ||= !good;
  console.log(JSON.stringify({ kind, ok: good, ...figures }));
}

/** Waits until the writer says more, at most so long. */
async function more(told: Told, than: number, limitMs: number): Promise<number> {
  const started = performance.now();
  while (told.saved <= than && performance.now() - started < limitMs) await wait(20);
  return performance.now() - started;
}

async function kills(count: number): Promise<void> {
  const folder = join(root, "kills");
  let [lost, wrong, next, worstOpenMs] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const { child, told } = await startWriter(folder, next);
    await wait(50 + Math.random() * 600);
    child.kill("SIGKILL");
    await once(child, "exit");
    const found = await check(folder);
    if (found.last < told.saved || found.cell < told.cell) lost++;
    if (found.wrong || found.integrity !== "ok") wrong++;
    worstOpenMs = Math.max(worstOpenMs, Math.round(found.openMs));
    next = found.last + 1;
  }
  report("SIGKILL", { kills: count, lost, wrong, worstOpenMs, readings: next }, lost + wrong === 0);
}

/** System calls that fail or stall, from a certain one on, for a while; the writer must go on, and nothing saved be lost. */
async function injected(name: string, calls: string, what: string, seconds: number): Promise<void> {
  await traced(name, join(root, name), ["-e", `trace=${calls}`, "-e", `inject=${calls}:${what}`], seconds);
}

/** A file that failed a write, and then cannot even be opened for a while (CANTOPEN), as on a card that fell off its bus. */
async function unopenable(): Promise<void> {
  const folder = join(root, "cannot open");
  const files = ["", "-wal"].flatMap((end) => ["-P", join(folder, STORE_FILE + end)]);
  const inject = ["-e", "inject=fdatasync,fsync:error=EIO:when=9..10", "-e", "inject=openat:error=EACCES:when=8..24"];
  await traced(
    "cannot be opened (EACCES)",
    folder,
    [...files, "-e", "trace=openat,fdatasync,fsync", ...inject],
    8,
    "openat",
  );
}

async function traced(name: string, folder: string, how: string[], seconds: number, must = ""): Promise<void> {
  const trace = join(root, `${name}.strace`);
  const { child, told } = await startWriter(folder, 0, ["strace", "-f", "-qq", "-o", trace, ...how]);
  await wait(seconds * 1_000);
  const before = told.saved;
  await more(told, before, 30_000);
  // The writer is strace's child; strace ends with it.
  for (const pid of readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" "))
    process.kill(Number(pid), "SIGKILL");
  await once(child, "exit");
  const hits = readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => /INJECTED|DELAYED/.test(line) && line.includes(must)).length;
  const found = await check(folder);
  const good = hits > 0 && found.last >= told.saved && !found.wrong && found.integrity === "ok" && told.saved > before;
  report(
    name,
    { injected: hits, saved: told.saved, found: found.last, wentOn: told.saved > before, wrong: found.wrong ?? "" },
    good,
  );
}

/** A disk that is full, and gets better. */
async function sickDisk(name: string, spoil: (mount: string) => void, heal: (mount: string) => void): Promise<void> {
  const mount = join(root, name);
  mkdirSync(mount);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", mount]);
  try {
    const { child, told } = await startWriter(join(mount, "data"), 0);
    await wait(1_000);
    spoil(mount);
    await wait(1_500);
    const before = told.saved;
    await wait(4_000);
    const stalled = told.saved === before;
    heal(mount);
    const recoveryMs = Math.round(await more(told, before, 40_000));
    await wait(1_000);
    child.kill("SIGKILL");
    await once(child, "exit");
    const found = await check(join(mount, "data"));
    const good = stalled && recoveryMs < 30_000 && found.last >= told.saved && !found.wrong && found.integrity === "ok";
    report(name, { stalled, recoveryMs, saved: told.saved, found: found.last, wrong: found.wrong ?? "" }, good);
  } finally {
    execFileSync("umount", ["-l", mount]);
  }
}

async function flips(count: number): Promise<void> {
  const folder = join(root, "flips");
  const { child, told } = await startWriter(folder, 0);
  await more(told, 20_000, 60_000);
  child.kill("SIGKILL");
  await once(child, "exit");
  const numbers = (await check(folder)).last + 1;
  const file = readFileSync(join(folder, STORE_FILE));
  const place = join(root, "flipped");
  let [wrong, touched, worst, recovered, dead] = [0, 0, 0, 0, 0];
  for (const { file: flipped, at } of flipsSeeded(file, count, 42)) {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    writeFileSync(join(place, STORE_FILE), flipped);
    for (const beside of ["names.json", "numbers.json"]) copyFileSync(join(folder, beside), join(place, beside));
    try {
      const found = checkNumbers(join(place, STORE_FILE), numbers);
      wrong += found.wrong;
      touched += found.missing > 0 ? 1 : 0;
      worst = Math.max(worst, found.missing);
      recovered += found.recovered ? 1 : 0;
    } catch (error) {
      dead++;
      console.error(`bit at byte ${at}:`, error);
    }
  }
  report(
    "bit flips",
    {
      flips: count,
      bytes: file.length,
      wrongValues: wrong,
      notStarted: dead,
      withLoss: touched,
      worstLoss: worst,
      recovered,
    },
    wrong + dead === 0 && worst <= 1_000,
  );
}

try {
  await kills(Number(values.kills));
  await flips(Number(values.flips));
  await injected("fsync fails (EIO)", "fdatasync,fsync", "error=EIO:when=12..20", 5);
  await injected("disk full (ENOSPC)", "pwrite64", "error=ENOSPC:when=60..90", 5);
  await injected("slow disk (1 s per sync)", "fdatasync,fsync", "delay_enter=1000000:when=8+", 8);
  await unopenable();
  await injected("read-only disk (EROFS)", "pwrite64", "error=EROFS:when=60..90", 5);
  if (process.getuid?.() === 0) {
    const ballast = (mount: string) => join(mount, "ballast");
    await sickDisk(
      "full disk",
      (mount) => spawnSync("dd", ["if=/dev/zero", `of=${ballast(mount)}`, "bs=4k"], { stdio: "ignore" }),
      (mount) => rmSync(ballast(mount)),
    );
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
