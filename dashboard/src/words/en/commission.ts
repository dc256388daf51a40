import type { Words } from "../fr.ts";

const s = (n: number): string => (n === 1 ? "" : "s");

export const commission: Pick<Words, "commission"> = {
  commission: {
    title: "Commissioning a device",
    open: "Add a device",
    again: "Start again",
    adapters: "Serial adapters",
    plug: "Plug the adapter: it appears here by itself.",
    noPort: "No adapter at the moment.",
    justPlugged: "just plugged",
    inUse: (by) => `used by ${by}`,
    unstable: "the name changes with the order of plugging",
    network: "Over the network",
    address: "Address",
    addressHow: "tcp://machine:502 for Modbus TCP, rtu+tcp://machine:port for a serial server.",
    scan: "Search",
    searching: (port) => `Searching on ${port}`,
    asking: (slave, baud, parity) => `Slave address ${slave}, ${baud} baud, parity ${parity}`,
    parities: { none: "none", even: "even", odd: "odd" },
    finished: (n) =>
      n === 0 ? "Nothing answered. Check the supply and wires A and B." : `Search finished: ${n} device${s(n)}.`,
    unknownDevice: "Unknown device",
    slave: (n) => `slave ${n}`,
    use: "Use this device",
    describe: "Machine and measurements",
    machine: "Machine",
    newMachine: "new machine…",
    machineName: "Name of the machine",
    deviceName: "Name of the device",
    signals: "Measurements to read (compare with the device’s own screen)",
    odd: "surprising value",
    compare: "See the changes",
    trial: "Should readings get worse within the minute, the old file comes back by itself.",
    live: "Live values",
    read: "Value read",
    reference: "Reference value",
    sign: "Done by, on, with which reference instrument:",
  },
};
