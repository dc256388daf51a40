import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Ledger, ledgerOf } from "./ledger.ts";
import { counted, metricsOf } from "./metrics.ts";
import { freePort } from "./port.ts";

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
  /** Of somebody who may read the figures, where the page is not open. */
  cookie: string;
  /** The text of `/metrics`; to be replaced where a fetch with that cookie is not enough (a certificate of its own). */
  metrics(): Promise<string>;
  /** Waits until the ledger adds up, unless it is to be killed; then sends SIGTERM and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface LaunchOptions {
  data?: string;
  env?: NodeJS.ProcessEnv;
  /** On ports that stay the same when a changed site file starts it anew. */
  fixedPorts?: true;
}

/** `vigie demo …` or `vigie run --config …`, up to the line that says where it listens. */
export async function launch(args: readonly string[], options: LaunchOptions = {}): Promise<RunningGateway> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), "vigie-"));
  const [port, mqtt] = options.fixedPorts ? [await freePort(), await freePort()] : [0, 0];
  const all = [...args, "--data", data, "--port", `${port}`, "--mqtt-port", `${mqtt}`];
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
  const gateway: RunningGateway = {
    url,
    cookie: "",
    metrics: () => metricsOf(gateway),
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
      const exit = once(child, "exit");
      try {
        if (signal !== "SIGKILL") await expectLedger(gateway.metrics);
      } finally {
        child.kill(signal);
        await exit;
      }
      return child.exitCode;
    },
  };
  return gateway;
}

/** The ledger of a running gateway, read from `/metrics` until it adds up: a round may be under way at any one moment. */
export async function expectLedger(metrics: () => Promise<string>): Promise<void> {
  let seen: Ledger | undefined;
  await eventually(
    async () => {
      seen = ledgerOf(counted(await metrics()));
      return seen.off.length === 0 && seen.totals.stored > 0 ? true : undefined;
    },
    15_000,
    () => `the ledger does not add up: ${JSON.stringify(seen, undefined, 1)}`,
  );
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
