import type { AddressInfo, Server } from "node:net";
import { createServer } from "node:net";
import { FakeNode } from "../../firmware-bridge/fake.ts";
import { Compressor } from "./machines/compressor.ts";
import { Lathe } from "./machines/lathe.ts";
import { Pasteuriser } from "./machines/pasteuriser.ts";
import { Washer } from "./machines/washer.ts";
import { Registers, serve } from "./slave.ts";
import { unconnected } from "./transmitter.ts";

const STEP_SECONDS = 0.1;

/** Where the sensors of the demonstration workshop can be reached; the names are the variables of `config/demo.yaml`. */
export interface Workshop {
  readonly ports: { readonly SIM_MODBUS: number; readonly SIM_RTU: number; readonly SIM_NODE: number };
  close(): void;
}

/** Plays four machines as two Modbus lines and one microcontroller node, on free loopback ports (or the given ones). */
export async function openWorkshop(ports = { SIM_MODBUS: 0, SIM_RTU: 0, SIM_NODE: 0 }): Promise<Workshop> {
  const lathe = { machine: new Lathe(), meter: meter(), analog: module8() };
  const pasteuriser = { machine: new Pasteuriser(), plc: new Registers() };
  const washer = { machine: new Washer(), meter: meter(), analog: module8(), plc: new Registers() };
  const compressor = new Compressor();
  const node = compressorNode(compressor);

  const step = () => {
    lathe.machine.step(STEP_SECONDS, lathe.meter, lathe.analog);
    pasteuriser.machine.step(STEP_SECONDS, pasteuriser.plc);
    washer.machine.step(STEP_SECONDS, washer.meter, washer.analog, washer.plc);
    compressor.step(STEP_SECONDS);
  };
  step();
  const timer = setInterval(step, STEP_SECONDS * 1_000);

  const servers = [
    serve(
      new Map([
        [1, lathe.meter],
        [2, lathe.analog],
        [3, pasteuriser.plc],
      ]),
      "tcp",
    ),
    serve(
      new Map([
        [1, washer.meter],
        [2, washer.analog],
        [4, washer.plc],
      ]),
      "rtu",
    ),
    createServer({ noDelay: true }, (socket) => node.attach(socket)),
  ] as const;
  const [modbus, rtu, serial] = await Promise.all([
    listen(servers[0], ports.SIM_MODBUS),
    listen(servers[1], ports.SIM_RTU),
    listen(servers[2], ports.SIM_NODE),
  ]);
  return {
    ports: { SIM_MODBUS: modbus, SIM_RTU: rtu, SIM_NODE: serial },
    close: () => {
      clearInterval(timer);
      node.stop();
      for (const server of servers) server.close();
    },
  };
}

/** An Eastron meter before its first measurement. */
const meter = (): Registers => Registers.withInputs([0, 95], [342, 345]);

/** An eight-channel module with nothing connected. */
function module8(): Registers {
  const registers = new Registers();
  for (let channel = 0; channel < 8; channel++) unconnected(registers, channel);
  return registers;
}

const compressorNode = (compressor: Compressor): FakeNode =>
  new FakeNode({
    id: "noeud-compresseur",
    channels: [
      { name: "pressure", unit: "bar", every: 500, resolution: 0.001, value: () => compressor.pressure },
      { name: "current", unit: "A", every: 500, resolution: 0.01, value: () => compressor.current },
      { name: "oil_temp", unit: "Cel", every: 1_000, resolution: 0.01, value: () => compressor.oil },
      { name: "speed", unit: "/min", every: 1_000, resolution: 0.1, value: () => compressor.speed },
      { name: "velocity", unit: "mm/s", every: 500, resolution: 0.001, value: () => compressor.velocity },
    ],
    bursts: [{ name: "vib_z", range: 16, take: (_, rate, count) => compressor.burst(rate, count) }],
  });

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
