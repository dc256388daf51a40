import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { BusReport } from "../../gateway/core/driver.ts";
import { describeWith } from "../need.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { libmodbusTcp, stopPeers } from "../sim/modbus/peers.ts";

let gateway: RunningGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  stopPeers();
});

const site = (port: number) =>
  JSON.stringify({
    site: { id: "s", name: "S", timezone: "UTC", language: "en" },
    machines: [{ id: "m", name: "M" }],
    drivers: [
      {
        id: "line-1",
        type: "modbus",
        port: `tcp://127.0.0.1:${port}`,
        timeout: "200ms",
        devices: [
          {
            id: "meter",
            slave: 1,
            machine: "m",
            every: "200ms",
            signals: {
              ten: { at: 10, table: "input", type: "u16", unit: "1" },
              hole: { at: 5000, table: "input", type: "u16", unit: "1" },
            },
          },
        ],
      },
    ],
    sinks: [],
    notifiers: [],
    web: { open: true },
    broker: { enabled: false },
  });

describeWith(["gcc", "pkg-config", "/usr/include/modbus/modbus.h"], "what the bus page is drawn from", () => {
  test("frames byte by byte, the period of each signal and its errors, in the answer, in /metrics and as readings", {
    timeout: 60_000,
  }, async () => {
    const file = join(mkdtempSync(join(tmpdir(), "vigie-bus-")), "site.yaml");
    writeFileSync(file, site(await libmodbusTcp()));
    const running = await launch(["run", "--config", file]);
    gateway = running;
    const report = await eventually(async () => {
      const now = await running.get<BusReport>("/api/v1/buses/line-1");
      return now.signals.some(({ period_p50_ms }) => period_p50_ms !== null) ? now : undefined;
    }, 30_000);
    const [wire] = report.wires;
    expect(wire).toMatchObject({ open: true, strays: { crc: 0, foreign: 0 } });
    const [asked, answered] = wire?.frames ?? [];
    // Transaction, protocol 0, length, unit 1, function 4.
    expect(asked).toMatchObject({ way: "out", verdict: "asked", hex: expect.stringMatching(/^....000000060104/) });
    expect(answered).toMatchObject({
      way: "in",
      verdict: "accepted",
      hex: expect.stringMatching(/^....00000005010402000a$/),
    });
    expect(answered?.hex.slice(0, 4)).toBe(asked?.hex.slice(0, 4));
    const of = (point: string) => report.signals.find((signal) => signal.point === point);
    expect(of("m/ten")).toMatchObject({ device: "meter", every: 200, errors: {} });
    expect(of("m/hole")?.errors.refused).toBeGreaterThan(0);
    expect(of("m/hole")?.period_p50_ms).toBeNull();

    // Figures that cost something to know are at most 5 s old.
    const metrics = await eventually(async () => {
      const text = await (await fetch(`${running.url}/metrics`)).text();
      return /vigie_signal_errors_total\{[^}]*signal="m\/hole",kind="refused"\} [1-9]/.test(text) ? text : undefined;
    }, 15_000);
    expect(metrics).toMatch(/vigie_signal_period_p95_ms\{driver="line-1",device="meter",signal="m\/ten"\} \d/);
    const points = await running.get<{ id: string }[]>("/api/v1/points");
    const own = points.map(({ id }) => id).filter((id) => id.includes("line-1_meter"));
    for (const name of ["bus_share_percent", "failed_questions_percent", "response_p99_ms", "period_p95_ms"])
      expect(own.some((id) => id.startsWith(`gateway/${name}_`))).toBe(true);
    const absent = await fetch(`${running.url}/api/v1/buses/no-such-line`);
    expect(absent.status).toBe(404);
  });
});
