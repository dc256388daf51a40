import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Clock } from "../core/time.ts";
import type { Evidence } from "./keeper.ts";

/** What on this machine vouches for its wall clock. */
export function machineEvidence(clock: Clock): () => Promise<Evidence> {
  return async () => {
    if (await exists("/run/systemd/timesync/synchronized")) return "ntp";
    if ((await exists("/run/chrony")) && (await chronySynced())) return "ntp";
    // A PC or a server keeps its clock in a battery; a board that has a device tree mostly does not.
    if (!(await exists("/proc/device-tree/model"))) return "battery";
    return (await clockChipAgrees(clock)) ? "battery" : "none";
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function chronySynced(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)("chronyc", ["-c", "tracking"], { timeout: 1_000 });
    return stdout.trim().endsWith("Normal");
  } catch {
    return false; // Not installed, or not running: then it vouches for nothing.
  }
}

/** A clock chip without a battery starts at 1970 or wherever; one that agrees with the system has kept the time. */
async function clockChipAgrees(clock: Clock): Promise<boolean> {
  try {
    const seconds = Number(await readFile("/sys/class/rtc/rtc0/since_epoch", "utf8"));
    return Math.abs(seconds * 1_000 - clock.now()) < 10_000;
  } catch {
    return false;
  }
}

/** Changes when the machine restarts, and monotonic time with it. */
export async function kernelBoot(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "unknown")).trim();
}
