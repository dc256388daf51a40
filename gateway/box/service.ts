import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether systemd is what started this machine. */
export const systemdRuns = (): boolean => existsSync("/run/systemd/system");

export async function restartService({ enable = false } = {}): Promise<void> {
  await run("systemctl", ["daemon-reload"]);
  await run("udevadm", ["control", "--reload"]).catch(() => undefined);
  if (enable) await run("systemctl", ["enable", "vigie", "vigie-settle"]);
  // One that has failed too often in a row would not be started any more.
  await run("systemctl", ["reset-failed", "vigie"]).catch(() => undefined);
  await run("systemctl", ["restart", "vigie"]);
}

/** Stops it; with `disable`, for good. */
export async function stopService({ disable }: { disable: boolean }): Promise<void> {
  if (disable) await run("systemctl", ["disable", "vigie", "vigie-settle"]);
  await run("systemctl", ["stop", "vigie"]);
}

/** The newest lines that the service has printed. */
export async function serviceJournal(lines: number): Promise<string> {
  const { stdout } = await run("journalctl", ["-u", "vigie", "-o", "cat", "-n", String(lines), "--no-pager"]);
  return stdout.trimEnd();
}
