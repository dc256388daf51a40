import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe } from "vitest";

/** Programs that we did not write and that the tests run against, with the Debian package that brings each. */
const packages = {
  mosquitto: "mosquitto",
  mosquitto_sub: "mosquitto-clients",
  socat: "socat",
  chromium: "chromium",
  "victoria-metrics": "victoria-metrics",
  influxd: "influxdb",
  simavr: "simavr",
  "avr-gcc": "gcc-avr",
  strace: "strace",
  "mkfs.ext4": "e2fsprogs",
  gcc: "gcc",
  "systemd-analyze": "systemd",
  prlimit: "util-linux",
  unshare: "util-linux",
  ip: "iproute2",
  "g++": "g++",
  "pkg-config": "pkg-config",
  "/usr/include/modbus/modbus.h": "libmodbus-dev",
  "/usr/share/john/password.lst": "john-data",
} as const;

export type Program = keyof typeof packages;

export const has = (program: string): boolean => {
  if (program.startsWith("/")) return existsSync(program);
  try {
    execFileSync("sh", ["-c", `PATH="$PATH:/usr/sbin:/sbin" command -v "$1"`, "sh", program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/**
 * `describe` for suites that need Debian programs. Where one is missing the suite is skipped and its name says why;
 * under CI=true a missing one is a failure.
 */
export function describeWith(programs: readonly Program[], name: string, suite: () => void): void {
  const missing = programs.filter((program) => !has(program));
  if (missing.length === 0) return void describe(name, suite);
  const say = `${name} (needs ${missing.map((program) => packages[program]).join(", ")}: apt-get install them)`;
  if (process.env.CI === "true") {
    throw new Error(`missing under CI: ${say}`);
  }
  describe.skip(say, suite);
}
