import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { Link } from "../../../firmware-bridge/link.ts";

const here = import.meta.dirname;
const firmware = join(here, "../../../firmware-bridge/firmware");

/** The image of the reference node and the program that runs it, built once. */
export interface Built {
  elf: string;
  runner: string;
}

export function buildChip(): Built {
  const out = mkdtempSync(join(tmpdir(), "vigie-avr-"));
  execFileSync("make", ["-s", "-C", firmware, `OUT=${out}`], { stdio: ["ignore", "ignore", "inherit"] });
  const runner = join(out, "runner");
  const flags = execFileSync("pkg-config", ["--cflags", "--libs", "simavr"], { encoding: "utf8" }).trim().split(/\s+/);
  const sources = [join(here, "runner.c"), join(here, "sensors.c")];
  const warnings = ["-O2", "-Wall", "-Wextra", "-Werror"];
  execFileSync("gcc", [...warnings, "-I/usr/include", "-o", runner, ...sources, ...flags, "-lelf", "-lutil", "-lm"]);
  return { elf: join(out, "uno/vigie.elf"), runner };
}

/** A simulated ATmega328P that runs the reference node, its serial port on a pseudo-terminal. */
export class Chip {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  constructor({ elf, runner }: Built, seed = 1) {
    this.#process = spawn(runner, [elf, String(seed)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#process.stdout);
  }

  /** The path of its serial port. */
  get port(): Promise<string> {
    return this.#answer("pty");
  }

  /** How many pulses its counter has been given. */
  get pulses(): Promise<number> {
    return this.#ask("pulses");
  }

  /** By how many ms, at most, a busy machine has held its time up: by so much times may be wrong that the node is right about. */
  get lag(): Promise<number> {
    return this.#ask("lag");
  }

  /** When its time began, by `performance.now()`. */
  get start(): Promise<number> {
    return this.#ask("start").then((at) => at - Number(process.hrtime.bigint() / 1_000n) / 1_000 + performance.now());
  }

  /** Gives the node a name, as a person with a terminal would. */
  async name(id: string): Promise<string> {
    const port = await this.port;
    const done = new AbortController();
    let seen = "";
    const type = (words: string) => link.send(new TextEncoder().encode(words));
    const link: Link = new Link({
      port,
      onState: (down) => down === undefined && type("\r\r\r"),
      onBytes: (piece) => {
        seen += Buffer.from(piece).toString("latin1");
        if (seen.endsWith("? for help\r\n> ")) type(`id ${id}\rshow\r`);
        if (!seen.includes(`\n${id} boot `) || !seen.endsWith("\r\n> ")) return;
        type("exit\r");
        setTimeout(() => done.abort(), 100);
      },
    });
    await link.run(done.signal);
    return port;
  }

  /** A line that the runner obeys: `noise 0.01`, `cut`, `join`, `reset`, `set celsius 40`. */
  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  stop(): void {
    this.#process.kill();
  }

  #ask(word: string): Promise<number> {
    const answer = this.#answer(word);
    this.tell(word);
    return answer.then(Number);
  }

  #answer(word: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const ended = (code: number | null) => reject(new Error(`the runner ended with ${code}`));
    const look = (line: string) => {
      if (line.startsWith(`${word} `)) resolve(line.slice(word.length + 1));
    };
    this.#process.once("exit", ended);
    this.#lines.on("line", look);
    return promise.finally(() => {
      this.#process.off("exit", ended);
      this.#lines.off("line", look);
    });
  }
}
