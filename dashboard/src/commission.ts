import type { LookAnswer, ScanLine, WireRequest } from "../../gateway/core/api.ts";

export type FoundDevice = Extract<ScanLine, { kind: "found" }>;

/** That device with the model that somebody read on its nameplate before the others. */
export const withModel = (device: FoundDevice, id: string): FoundDevice => ({
  ...device,
  profiles: device.profiles.toSorted((a, b) => Number(b.id === id) - Number(a.id === id)),
});

/** How the page asks that device by hand. */
export const wireOf = (port: string, { slave, baud, parity, stopBits }: FoundDevice): WireRequest => ({
  port,
  slave,
  baud,
  parity: parity === "even" || parity === "odd" ? parity : "none",
  stopBits: stopBits === 2 ? 2 : 1,
});

/** What one signal says: read by its profile, or by a decoding that somebody chose. */
export type Row = Omit<LookAnswer, "kind" | "table" | "at" | "type" | "raw"> & Partial<LookAnswer>;

/** A signal that no profile names: registers and how to read them. */
export interface Custom {
  signal: string;
  title: string;
  unit: string;
  table: "holding" | "input";
  at: number;
  type: string;
  order: string;
  scale: number;
}

/** Signals that nearly everybody wants of a meter or a sensor; the others are one touch away. */
const usual =
  /^(power(_active)?|voltage(_l1(_n)?)?|current(_l1)?|energy_(import|active_import|total)|frequency|power_factor|temperature\d?|humidity|ai\d|velocity_[xyz])$/;

export function proposedSignals(sample: readonly { signal: string }[]): Set<string> {
  const names = sample.map(({ signal }) => signal);
  const wanted = names.filter((name) => usual.test(name));
  return new Set(wanted.length > 0 ? wanted : names.slice(0, 6));
}

/** Whether a value can be what it says it is; undefined where nobody can tell without looking at the device. */
export function plausible(
  signal: string,
  value: number,
  unit: string,
  expect?: readonly [number, number],
): boolean | undefined {
  if (expect) return value >= expect[0] && value <= expect[1];
  if (/voltage/.test(signal) && unit === "V" && value > 50)
    return (value >= 195 && value <= 265) || (value >= 340 && value <= 460);
  if (/frequency/.test(signal)) return value >= 49 && value <= 51;
  if (/power_factor/.test(signal)) return value >= -1 && value <= 1;
  if (unit === "Cel") return value > -40 && value < 400;
  if (unit === "%" && /humid/.test(signal)) return value >= 0 && value <= 100;
  return undefined;
}

/** Voltage × current × power factor against the power that the meter says: a swapped current clamp or a wrong ratio shows here. */
export function powerCheck(rows: readonly Row[]): { computed: number; said: number; fits: boolean } | undefined {
  const value = (name: string): number | null => rows.find(({ signal }) => signal === name)?.value ?? null;
  const [u, i, pf, said] = [value("voltage"), value("current"), value("power_factor"), value("power_active")];
  if (u === null || i === null || pf === null || said === null) return undefined;
  const computed = u * i * pf;
  return { computed, said, fits: Math.abs(computed - said) <= Math.max(5, 0.1 * Math.abs(said)) };
}

/** A number as people write it, with a point or a comma; undefined where it is none. */
export function numberOf(written: string): number | undefined {
  const text = written
    .trim()
    .replace(/[\s\u00a0\u202f]/g, "")
    .replace(",", ".")
    .replace("\u2212", "-");
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Whether a value agrees with the reference within so many percent of it. */
export const withinTolerance = (value: number, reference: number, percent: number): boolean =>
  Math.abs(value - reference) <= (Math.abs(reference) * percent) / 100 + 1e-9;

/** Ids are small letters, digits, - and _. */
export const idOf = (name: string): string =>
  name
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);

export interface Commissioned {
  port: string;
  device: FoundDevice;
  /** Left out where no profile fits: then every signal is written out. */
  profile?: string;
  deviceId: string;
  signals: readonly string[];
  /** Names that somebody gave, by signal. */
  titles?: Readonly<Record<string, string>>;
  custom?: readonly Custom[];
  /** The place of the driver in the site file, where the device joins a line that is read already. */
  line?: number;
  /** An existing machine's id, or a new one's id and name. */
  machine: { id: string; name?: string };
}

/** What is added to the site file: the device on its line (a new one, or one that is there), and the machine where it is new. */
export function editsFor(known: Commissioned): object[] {
  const { port, device, profile, deviceId, machine, line: joined } = known;
  const serial = port.startsWith("/")
    ? { baud: device.baud, parity: device.parity, ...(device.stopBits !== 1 && { stop_bits: device.stopBits }) }
    : {};
  const own = { id: deviceId, ...(profile && { profile }), slave: device.slave, every: "1s", machine: machine.id };
  const added = { ...own, signals: signalsFor(known) };
  if (joined !== undefined)
    return [...machineEdit(machine), { path: ["drivers", joined, "devices"], add: true, value: added }];
  const line = {
    id: idOf(`ligne-${deviceId}`),
    type: "modbus",
    port,
    ...serial,
    devices: [added],
  };
  return [...machineEdit(machine), { path: ["drivers"], add: true, value: line }];
}

const machineEdit = ({ id, name }: { id: string; name?: string }): object[] =>
  name ? [{ path: ["machines"], add: true, value: { id, name } }] : [];

/** A bare list where the profile says it all; else each signal with what was added to it. */
function signalsFor({ signals, titles = {}, custom = [] }: Commissioned): object {
  if (custom.length === 0 && signals.every((signal) => !titles[signal])) return [...signals];
  return Object.fromEntries([
    ...signals.map((signal) => [signal, titles[signal] ? { title: titles[signal] } : {}]),
    ...custom.map(({ signal, order, scale, ...rest }) => [
      signal,
      { ...rest, ...(order !== "ABCD" && { order }), ...(scale !== 1 && { scale }) },
    ]),
  ]);
}

/** A microcontroller node that has announced itself, taken onto a machine. `driver`: its place in the site file. */
export function editsForNode(
  driver: number,
  node: string,
  channels: readonly { name: string; unit: string; kind: string }[],
  machine: { id: string; name?: string },
): object[] {
  const wanted = Object.fromEntries(
    channels.map(({ name, unit, kind }) => [name, { unit, ...(kind !== "gauge" && { kind }) }]),
  );
  const value = { id: node, machine: machine.id, channels: wanted };
  return [...machineEdit(machine), { path: ["drivers", driver, "nodes"], add: true, value }];
}

/** A port at which nodes are to be listened for: whichever is plugged in announces itself. */
export const editsForNodePort = (port: string): object[] => [
  { path: ["drivers"], add: true, value: { id: idOf(`noeud-${port.split("/").at(-1) ?? ""}`), type: "node", port } },
];
