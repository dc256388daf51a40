import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ms } from "../../../gateway/core/time.ts";

/** Slaves that we did not write, as processes of their own. Every one that is started must be stopped. */
const started = new Set<ChildProcess>();

/** Starts a program and resolves with the first line that it prints. */
async function start(program: string, args: readonly string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  started.add(child);
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${program} ended with ${code}`))),
  ]);
  return { child, line: String(line) };
}

export const stopPeers = (): void => {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
};

const compiled = new Map<string, string>();

/** A C program of this folder, compiled once. */
function program(source: string, flags: readonly string[] = []): string {
  const known = compiled.get(source);
  if (known) return known;
  const built = join(mkdtempSync(join(tmpdir(), "vigie-slave-")), source);
  execFileSync("gcc", ["-O2", join(import.meta.dirname, `${source}.c`), "-o", built, ...flags]);
  compiled.set(source, built);
  return built;
}

/** The libmodbus slave of `slave.c`. */
const slaveProgram = (): string =>
  program(
    "slave",
    execFileSync("pkg-config", ["--cflags", "--libs", "libmodbus"], { encoding: "utf8" }).trim().split(/\s+/),
  );

export interface Pace {
  baud: number;
  /** Bits of a character with its start, parity and stop bits. */
  bits: number;
  turnaround: Ms;
  units: readonly number[];
  /** Spoilt answers of 1,000. */
  faults?: number;
  seed?: number;
}

export interface PaceCounts {
  questions: number;
  answers: number;
  hasty: number;
  shortest_silence_us: number;
  mean_silence_us: number;
}

/** Slaves with the timing of copper (`pace.c`) on a pseudo terminal; `stop` gives what they counted. */
export async function pacedSlaves(
  pace: Pace,
): Promise<{ path: string; child: ChildProcess; stop(): Promise<PaceCounts> }> {
  const { baud, bits, turnaround, units, faults = 0, seed = 1 } = pace;
  const settings = [baud, bits, 1_000 * turnaround, units.join(","), faults, seed].map(String);
  const child = spawn(program("pace"), settings, { stdio: ["ignore", "pipe", "inherit"] });
  started.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: path } = await lines.next();
  return {
    path: String(path),
    child,
    stop: async () => {
      child.kill("SIGTERM");
      const { value } = await lines.next();
      started.delete(child);
      return JSON.parse(String(value)) as PaceCounts;
    },
  };
}

/** A libmodbus slave over TCP; its port. */
export async function libmodbusTcp(): Promise<number> {
  return Number((await start(slaveProgram(), ["tcp"])).line);
}

export interface Line {
  /** The end for the gateway, and the end for the slave. */
  master: string;
  slave: string;
  socat: ChildProcess;
}

/** Two pseudo terminals joined by socat: a serial line without copper. */
export async function ptyLine(folder = mkdtempSync(join(tmpdir(), "vigie-line-"))): Promise<Line> {
  const [master, slave] = [join(folder, "master"), join(folder, "slave")];
  const socat = spawn("socat", [`pty,raw,echo=0,link=${master}`, `pty,raw,echo=0,link=${slave}`], { stdio: "ignore" });
  started.add(socat);
  for (let tries = 0; !existsSync(master) || !existsSync(slave); tries++) {
    if (tries > 500) throw new Error("socat made no pseudo terminals");
    await sleep(10);
  }
  return { master, slave, socat };
}

/** A libmodbus slave on a line. */
export async function libmodbusRtu(device: string, unit: number): Promise<ChildProcess> {
  return (await start(slaveProgram(), ["rtu", device, String(unit)])).child;
}

/** A serial server: passes what comes over TCP on to the line's gateway end. Its port. */
export async function serialServer(device: string): Promise<number> {
  const socat = spawn("socat", ["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr", `${device},raw,echo=0`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  started.add(socat);
  for await (const line of createInterface({ input: socat.stderr })) {
    const port = /listening on AF=2 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) return Number(port);
  }
  throw new Error("socat does not listen");
}
