import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import plugin from "../../gateway/drivers/lines.ts";
import { describeWith } from "../need.ts";
import { driverContext, Running } from "../sim/modbus/driver.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-flood-"));
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** `y` without an end at 1 MB/s, as measured against its own start; at SIGTERM one line of the scale, and then silence. */
const FLOOD = `
const begun = performance.now();
let sent = 0;
const flood = setInterval(() => {
  const due = Math.min(1000 * (performance.now() - begun) - sent, 200_000);
  if (due > 0) process.stdout.write(Buffer.alloc(due, "y"));
  sent += Math.max(0, due);
}, 10);
process.on("SIGTERM", () => {
  clearInterval(flood);
  process.stdout.write("\\r\\nST,GS,12.5kg\\r\\n");
  setInterval(() => undefined, 1000);
});`;

describeWith(["socat"], "26: a serial instrument that floods", () => {
  test("1 MB/s without an end of line is cut, counted and costs little; the next whole line counts again", async () => {
    const path = join(folder, "scale");
    const yes = spawn(process.execPath, ["-e", FLOOD], { stdio: ["ignore", "pipe", "inherit"] });
    const socat = spawn("socat", ["-u", "-", `pty,raw,echo=0,link=${path}`], {
      stdio: [yes.stdout, "ignore", "inherit"],
    });
    started.push(yes, socat);
    await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true);
    const context = driverContext("balance");
    const options = {
      port: path,
      machine: "poste-3",
      every: "100ms",
      signals: { weight: { match: "^ST,GS,([\\d.]+)kg" } },
    };
    const running = new Running(plugin.create(plugin.options.parse(options), context));
    const dropped = () => context.meters.sum("lines_too_long_bytes_total");
    await running.until(() => dropped() > 200_000);
    // The quietest of a few looks: other programs of a busy machine make the same work cost more.
    const looks: { cpu: number; rate: number }[] = [];
    for (let look = 0; look < 3; look++) {
      const [from, cpu, bytes, bad] = [performance.now(), process.cpuUsage(), dropped(), running.bad];
      await running.until(() => dropped() > bytes + 1_000_000 && running.bad > bad, 20_000);
      const { user, system } = process.cpuUsage(cpu);
      const wall = performance.now() - from;
      looks.push({ cpu: (user + system) / 1_000 / wall, rate: (dropped() - bytes) / wall });
    }
    const cpu = Math.min(...looks.map((look) => look.cpu));
    console.log(`CPU ${(100 * cpu).toFixed(1)} % at ${Math.max(...looks.map(({ rate }) => rate)).toFixed(0)} kB/s`);
    expect(cpu).toBeLessThanOrEqual(0.2);
    // One line all the time, bad at its pace, and nothing kept of it.
    expect(context.meters.sum("lines_too_long_total")).toBe(1);
    expect(running.latest).toEqual({ "poste-3/weight": "timeout" });
    yes.kill("SIGTERM");
    await running.until(() => running.latest["poste-3/weight"] === 12.5);
    expect(context.meters.sum("lines_too_long_total")).toBe(1);
    await running.stop();
  });
});
