import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { describeWith } from "../need.ts";
import { allProfiles, healthyDevice, serveSlaves } from "../sim/modbus/device.ts";
import { modbusDriver } from "../sim/modbus/driver.ts";
import { libmodbusRtu, pacedSlaves, ptyLine, stopPeers } from "../sim/modbus/peers.ts";

const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function served(slaves: Record<number, string>, framing: "tcp" | "rtu" = "tcp"): Promise<string> {
  const line = new Map(
    Object.entries(slaves).map(([slave, name]) => {
      const profile = allProfiles.get(name);
      if (!profile) throw new Error(`no profile ${name}`);
      return [Number(slave), healthyDevice(profile, { slave: Number(slave) })] as const;
    }),
  );
  const { port, server } = await serveSlaves(line, framing);
  closing.push(() => server.close());
  return `${framing === "tcp" ? "tcp" : "rtu+tcp"}://127.0.0.1:${port}`;
}

async function vigie(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, LANG: "en_US.UTF-8", LC_ALL: "" };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [BIN, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describeWith(["gcc", "socat", "pkg-config", "/usr/include/modbus/modbus.h"], "a slave that we did not write", () => {
  test("a libmodbus slave is found though silent ids were asked just before its own", async () => {
    const line = await ptyLine();
    await libmodbusRtu(line.slave, 3);
    closing.push(stopPeers);
    const range = ["--ids", "1-4", "--bauds", "115200", "--parities", "none", "--json"];
    const { code, out } = await vigie("scan", "--port", line.master, ...range);
    expect(code).toBe(0);
    expect(JSON.parse(out).map(({ slave }: { slave: number }) => slave)).toEqual([3]);
  });
});

describeWith(["gcc"], "a line whose rate nobody knows", () => {
  test("is scanned through the rates until the slave is heard, and the doctor is not fooled by the noise of the others", async () => {
    const slaves = await pacedSlaves({ baud: 19_200, bits: 10, turnaround: 5, units: [2] });
    closing.push(stopPeers);
    const range = ["--ids", "2-3", "--bauds", "9600,19200,38400", "--parities", "none", "--json"];
    const { code, out, err } = await vigie("scan", "--port", slaves.path, ...range);
    expect(err).toMatch(/^2 · 19200 none · /m);
    expect(err).not.toMatch(/rate|baud/i);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([{ slave: 2, voice: { baud: 19_200, parity: "none", stop_bits: 1 } }]);
  });
});

describe("finding what hangs on a line", () => {
  test("the YAML that a scan prints is read by the driver as it stands", async () => {
    const port = await served({ 1: "eastron-sdm630", 3: "xy-md02" }, "rtu");
    const { code, out } = await vigie("scan", "--port", port, "--ids", "1-4");
    expect(code).toBe(0);
    expect(out).toContain("profile: eastron-sdm630, slave: 1");
    expect(out).toContain("voltage_l1 230");
    expect(out).toContain("profile: xy-md02, slave: 3");
    const [driver] = parse(out.replaceAll("MACHINE }", "tour-2 }")).drivers;
    const { id: _, type: __, ...options } = driver;
    options.devices[1].machine = "room";
    expect(modbusDriver(options).points.length).toBeGreaterThan(10);
  });

  test("a line on which nobody answers says so, and what to check", async () => {
    const port = await served({}, "rtu");
    const { code, err } = await vigie("scan", "--port", port, "--ids", "1-2");
    expect(code).toBe(1);
    expect(err).toMatch(/Nothing found.*swap A and B/);
  });

  test("a scan says so where several profiles fit, on the terminal, in the YAML and as JSON", async () => {
    const port = await served({ 1: "eastron-sdm54", 3: "xy-md02" });
    const { code, out, err } = await vigie("scan", "--port", port, "--ids", "1,3");
    expect(code).toBe(0);
    expect(err).toContain("1 · 9600 none · one of these: eastron-sdm54, eastron-sdm72d-m-v2\n");
    expect(err).toContain("3 · 9600 none · xy-md02\n");
    expect(out).toMatch(/^ {6}- \{ id: eastron-sdm54-1, .*\n {6}# - \{ id: eastron-sdm72d-m-v2-1, /m);
    const json = await vigie("scan", "--port", port, "--ids", "1,3", "--json");
    expect(JSON.parse(json.out)).toMatchObject([
      { slave: 1, oneOf: ["eastron-sdm54", "eastron-sdm72d-m-v2"] },
      { slave: 3, profile: "xy-md02" },
    ]);
  });
});

describe("reading by hand", () => {
  test("the value on the device's own screen finds type, order and address", async () => {
    const port = await served({ 1: "eastron-sdm630" });
    const args = [
      "read",
      "--port",
      port,
      "--slave",
      "1",
      "--table",
      "input",
      "--at",
      "0",
      "--count",
      "6",
      "--expect",
      "230.05",
    ];
    const { code, out } = await vigie(...args);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatch(/\{ at: 0, type: f32, order: ABCD \}\s+230/);
  });

  test("a device that is not there gets one plain sentence", async () => {
    const port = await served({ 1: "xy-md02" });
    const { code, err } = await vigie("read", "--port", port, "--slave", "9", "--at", "0");
    expect({ code, err: err.trim() }).toEqual({ code: 1, err: "slave 9: no answer in 500 ms" });
  });
});

test("vigie watch shows value, age, rate and errors of every point of a site file", async () => {
  const port = await served({ 1: "xy-md02" });
  const file = join(mkdtempSync(join(tmpdir(), "vigie-watch-")), "site.yaml");
  const devices = `[{ id: a, profile: xy-md02, slave: 1, every: 200ms, machine: m }, { id: b, profile: xy-md02, slave: 2, machine: n }]`;
  writeFileSync(
    file,
    `site: { id: s, name: S, timezone: UTC, language: en }\nmachines: [{ id: m, name: M }, { id: n, name: N }]\ndrivers: [{ id: l, type: modbus, port: "${port}", devices: ${devices} }]\n`,
  );
  const { code, out } = await vigie("watch", file, "--seconds", "3");
  expect(code).toBe(0);
  expect(out).toMatch(/^m\/temperature +25 °C +0\.\d s +[3-5]\.\d +0$/m);
  expect(out).toMatch(/^n\/humidity +no answer +\d\.\d s +\d\.\d +[1-4]$/m);
});

describe("changing a slave id", () => {
  test("is written only where the profile says how, and read back", async () => {
    const port = await served({ 1: "xy-md02" }, "rtu");
    const { code, out } = await vigie(
      "scan",
      "--port",
      port,
      "--slave",
      "1",
      "--profile",
      "xy-md02",
      "--write-id",
      "7",
    );
    expect(code).toBe(0);
    expect(out).toContain("Switch its supply off and on.");
    const refused = await vigie(
      "scan",
      "--port",
      port,
      "--slave",
      "1",
      "--profile",
      "eastron-sdm120",
      "--write-id",
      "7",
    );
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("does not say how");
  });

  test("is refused where another device has that id already", async () => {
    const port = await served({ 1: "xy-md02", 7: "xy-md02" }, "rtu");
    const { code, err } = await vigie(
      "scan",
      "--port",
      port,
      "--slave",
      "1",
      "--profile",
      "xy-md02",
      "--write-id",
      "7",
    );
    expect({ code, err: err.trim() }).toEqual({
      code: 1,
      err: "slave 7 exists already: two devices cannot answer as one",
    });
  });
});
