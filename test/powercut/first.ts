import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registers } from "../../gateway/simulate/slave.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { serveSlaves } from "../sim/modbus/device.ts";

const slave = new Registers();
slave.holding.set(0, 7);

/** How long the real program takes on a copy of what a cut left, from its start to the first reading of a machine in the store. */
export async function firstReadingMs(data: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-first-"));
  const { port, server } = await serveSlaves(new Map([[1, slave]]), "tcp");
  const device =
    '{ id: d, slave: 1, every: 100ms, machine: m, signals: { v: { at: 0, table: holding, type: u16, unit: "1" } } }';
  writeFileSync(
    join(folder, "site.yaml"),
    `site: { id: s, name: S, timezone: UTC }
web: { open: true }
broker: { enabled: false }
machines: [{ id: m, name: M }]
drivers: [{ id: bus, type: modbus, port: "tcp://127.0.0.1:${port}", devices: [${device}] }]
`,
  );
  cpSync(data, join(folder, "data"), { recursive: true });
  const from = performance.now();
  const gateway = await launch(["run", "--config", join(folder, "site.yaml")], { data: join(folder, "data") });
  try {
    const now = Date.now();
    await eventually(async () => {
      const asked = `point=m/v&from=${now - 60_000}&to=${now + 60_000}&buckets=1`;
      const { buckets } = await gateway.get<{ buckets: { count: number }[] }>(`/api/v1/history?${asked}`);
      return (buckets[0]?.count ?? 0) > 0 || undefined;
    }, 30_000);
    return performance.now() - from;
  } finally {
    await gateway.stop("SIGKILL");
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
