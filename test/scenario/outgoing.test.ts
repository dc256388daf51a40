import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { eventually, expectLedger } from "../sim/gateway.ts";
import { metricsOf } from "../sim/metrics.ts";

const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");

describeWith(["strace"], "what goes out", () => {
  test("is what the site file names: no telemetry, no question to a name server, nobody else", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vigie-outgoing-"));
    const trace = join(folder, "trace");
    const calls = ["-f", "-qq", "-o", trace, "-e", "trace=connect,sendto,sendmsg,sendmmsg"];
    const args = ["demo", "--data", join(folder, "data"), "--port", "0", "--mqtt-port", "0"];
    const child = spawn("strace", [...calls, process.execPath, BIN, ...args], {
      env: { ...process.env, LANG: "en" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    try {
      const url = await eventually(
        () => /on watch: (\S+)/.exec(said)?.[1],
        60_000,
        () => said,
      );
      const read = async () =>
        /^vigie_readings_good_total\{.*ligne.*\} (\d{2,})$/m.test(await (await fetch(`${url}/metrics`)).text());
      await eventually(async () => ((await read()) ? true : undefined), 60_000);
      await expectLedger(() => metricsOf({ url }));
    } finally {
      // strace itself takes no signals while it traces: its child ends, and with it strace.
      const over = once(child, "exit");
      const traced = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
      process.kill(Number(traced.split(" ")[0]), "SIGTERM");
      await over;
    }
    const addresses = [
      ...readFileSync(trace, "utf8").matchAll(
        /sa_family=(AF_INET6?)\b.*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"/g,
      ),
    ];
    // Its own simulated machines: the tracer does see what is opened.
    expect(addresses.length).toBeGreaterThan(2);
    expect([...new Set(addresses.map((match) => match[2]))]).toEqual(["127.0.0.1"]);
    rmSync(folder, { recursive: true, force: true });
  }, 150_000);
});
