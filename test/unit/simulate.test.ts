import { type AddressInfo, connect, type Server } from "node:net";
import ModbusRTU from "modbus-serial";
import { afterEach, expect, test } from "vitest";
import { Chance, Program, Wear } from "../../gateway/simulate/physics.ts";
import { answer, put, Registers, serve } from "../../gateway/simulate/slave.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function slave(framing: "tcp" | "rtu"): Promise<number> {
  const registers = new Registers();
  put.f32(registers.input, 0, 231.5);
  put.u32(registers.holding, 10, 1_204_411);
  for (let i = 0; i < 10; i++) registers.coils.set(i, i % 2);
  const server = serve(new Map([[7, registers]]), framing);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

test.each([
  "tcp",
  "rtu",
] as const)("a client that we did not write reads the simulated slaves (%s)", async (framing) => {
  const port = await slave(framing);
  const client = new ModbusRTU.default();
  if (framing === "tcp") await client.connectTCP("127.0.0.1", { port });
  else await client.connectTelnet("127.0.0.1", { port });
  client.setID(7);
  client.setTimeout(1_000);
  expect((await client.readInputRegisters(0, 2)).buffer.readFloatBE(0)).toBe(231.5);
  expect((await client.readHoldingRegisters(10, 2)).buffer.readUInt32BE(0)).toBe(1_204_411);
  expect((await client.readCoils(0, 10)).data.slice(0, 10)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1].map(Boolean));
  await expect(client.readHoldingRegisters(500, 1)).rejects.toThrow(/Illegal data address/);
  client.setID(8);
  client.setTimeout(100);
  await expect(client.readInputRegisters(0, 2)).rejects.toThrow(/Timed out/);
  await new Promise<void>((resolve) => client.close(() => resolve()));
});

test("garbage on the line closes the connection or is dropped, and the next client is served", async () => {
  for (const framing of ["tcp", "rtu"] as const) {
    const port = await slave(framing);
    const vandal = connect(port, "127.0.0.1");
    vandal.on("error", () => undefined);
    vandal.write(Buffer.alloc(5_000, 0xff));
    const client = new ModbusRTU.default();
    if (framing === "tcp") await client.connectTCP("127.0.0.1", { port });
    else await client.connectTelnet("127.0.0.1", { port });
    client.setID(7);
    client.setTimeout(1_000);
    expect((await client.readInputRegisters(0, 2)).buffer.readFloatBE(0)).toBe(231.5);
    vandal.destroy();
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
});

test("function codes that the slave does not have are exception 1, a cut request exception 3", () => {
  expect([...answer(new Registers(), Buffer.from([0x2b, 0, 0, 0, 1]))]).toEqual([0xab, 1]);
  expect([...answer(new Registers(), Buffer.from([3, 0]))]).toEqual([0x83, 3]);
});

test("wear is quiet, grows to the limit in its life time, and is repaired", () => {
  const wear = new Wear(10, 100, 1);
  const levels = Array.from({ length: 150 }, () => wear.step(1));
  expect(levels[9]).toBe(0);
  expect(levels[109]).toBeCloseTo(1, 6);
  expect(levels[140]).toBe(0);
});

test("a program repeats its phases for ever, the same for the same seed", () => {
  const walk = (seed: number) => {
    const program = new Program(new Chance(seed), [
      ["a", 10],
      ["b", 5],
    ]);
    return Array.from({ length: 100 }, () => program.step(1)).join("");
  };
  expect(walk(1)).toBe(walk(1));
  expect(walk(1)).toMatch(/^a+b+a+b+/);
});
