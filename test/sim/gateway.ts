import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");

/** The real program, in a process and a data folder of its own, on free ports. */
export interface RunningGateway {
  readonly url: string;
  /** Undefined where the embedded broker is off. */
  readonly mqtt: string | undefined;
  readonly data: string;
  readonly process: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  get<T>(path: string): Promise<T>;
  /** Sends SIGTERM and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** `vigie demo …` or `vigie run --config …`, up to the line that says where it listens. */
export async function launch(
  args: readonly string[],
  options: { data?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<RunningGateway> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), "vigie-"));
  const all = [...args, "--data", data, "--port", "0", "--mqtt-port", "0"];
  const child = spawn(process.execPath, [BIN, ...all], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LANG: "en_US.UTF-8", LC_ALL: "", ...options.env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const url = await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}:\n${output}`);
      return /Vigie (?:is on watch:|veille :) (\S+)/.exec(output)?.[1];
    },
    20_000,
    () => `no address printed:\n${output}`,
  );
  return {
    url,
    mqtt: /^MQTT: (\S+)/m.exec(output)?.[1],
    data,
    process: child,
    output: () => output,
    get: async <T>(path: string) => {
      const answer = await fetch(url + path);
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as T;
    },
    stop: async (signal = "SIGTERM") => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

/** Asks again until there is an answer; fails with `complaint` after `within` ms. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  within: number,
  complaint: () => string = () => "it did not happen",
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`after ${within} ms: ${complaint()}`);
    await sleep(50);
  }
}
