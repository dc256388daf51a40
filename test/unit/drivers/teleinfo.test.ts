import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { parseGroup, TicParser } from "../../../gateway/drivers/teleinfo/frame.ts";
import { signalIn, ticProfile } from "../../../gateway/drivers/teleinfo/profile.ts";
import plugin from "../../../gateway/drivers/teleinfo.ts";
import { driverContext, Running } from "../../sim/modbus/driver.ts";
import { historique, standard } from "../../sim/teleinfo.ts";

test.each(["ISOUSC 30 9", "PTEC TH.. $"])("a group as meters send it: %s", (line) => {
  expect(parseGroup([...Buffer.from(line, "latin1")])?.group.label).toBe(line.split(" ")[0]);
});

test.each([
  ["historique", historique, { label: "HCHP", text: "001521211" }],
  ["standard", standard, { label: "SMAXSN", text: "05210", stamp: "E260714000312" }],
] as const)("%s: bytes cut at every index, with noise around, give the same frame", (mode, bytes, expected) => {
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parser = new TicParser();
    const noise = Buffer.from("\r\n?? 12 \x03");
    const found = [noise, bytes.subarray(0, cut), bytes.subarray(cut), noise].flatMap((chunk) => parser.bytes(chunk));
    expect(found).toHaveLength(1);
    expect(found[0]?.mode).toBe(mode);
    expect(found[0]?.groups).toContainEqual(expected);
  }
});

test("one flipped bit anywhere never makes another number, it only loses its group", () => {
  const profile = ticProfile.parse(driverContext().profile("teleinfo-historique"));
  const signals = Object.keys(profile.signals);
  const [sound] = new TicParser().bytes(historique);
  let lost = 0;
  for (let i = 0; i < historique.length; i++) {
    for (let bit = 0; bit < 7; bit++) {
      const bytes = Buffer.from(historique);
      bytes[i] = (bytes[i] ?? 0) ^ (1 << bit);
      const parser = new TicParser();
      for (const frame of parser.bytes(bytes)) {
        for (const signal of signals.filter((name) => profile.signals[name]?.labels.length === 1)) {
          const value = signalIn(profile, signal, frame);
          // The checksum has six bits: a digit that lost the seventh is no digit any more.
          if (value !== undefined && !Number.isNaN(value))
            expect(value).toBe(sound && signalIn(profile, signal, sound));
        }
      }
      lost += parser.damaged;
    }
  }
  expect(lost).toBeGreaterThan(100);
});

test("a frame that is broken off gives nothing, and a line without end takes no memory", () => {
  const parser = new TicParser();
  expect(parser.bytes(Buffer.concat([historique.subarray(0, 60), Buffer.from([4]), historique.subarray(60)]))).toEqual(
    [],
  );
  expect(parser.bytes(Buffer.concat([Buffer.from("\x02\n"), Buffer.alloc(1e6, 0x41)]))).toEqual([]);
  expect(parser.bytes(historique)).toHaveLength(1);
});

let server: Server | undefined;
afterEach(() => server?.close());

async function meter(talk: (socket: Socket) => void): Promise<string> {
  server = createServer(talk);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a meter behind a serial server: its mode is found out, its indexes add up, its contract shows", async () => {
  const port = await meter((socket) => void socket.on("error", () => undefined).write(historique));
  const options = plugin.options.parse({
    port,
    machine: "site",
    every: "1s",
    signals: ["energy_import", "power_apparent", "voltage_l1"],
  });
  const context = driverContext("linky");
  expect(plugin.examine?.(options, context).problems).toEqual([]);
  const driver = plugin.create(options, context);
  const running = new Running(driver);
  await running.until(() => running.readings.length >= 3);
  expect(running.latest).toEqual({
    "site/energy_import": 2587.174,
    "site/power_apparent": 730,
    "site/voltage_l1": "no_sensor",
  });
  expect(driver.devices?.()[0]).toMatchObject({ about: { mode: "historique", meter: "012345678901", tariff: "HC.." } });
  await running.until(() => running.latest["site/energy_import"] === "timeout");
  await running.stop();
});

test("a Linky in standard mode", async () => {
  const port = await meter((socket) => void socket.on("error", () => undefined).write(standard));
  const options = plugin.options.parse({
    port,
    machine: "site",
    every: "1s",
    signals: ["energy_import", "power_apparent", "voltage_l1", "power_apparent_max"],
  });
  const running = new Running(plugin.create(options, driverContext("linky")));
  await running.until(() => running.readings.length >= 4);
  expect(running.latest).toEqual({
    "site/energy_import": 4815.162,
    "site/power_apparent": 1250,
    "site/voltage_l1": 233,
    "site/power_apparent_max": 5210,
  });
  await running.stop();
});

test("a signal that no meter has is refused before anything opens", () => {
  const options = plugin.options.parse({ port: "/dev/x", machine: "site", signals: ["voltage"] });
  expect(plugin.examine?.(options, driverContext()).problems[0]).toMatchObject({ path: ["signals", 0] });
});
