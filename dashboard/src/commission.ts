import type { ConfigAnswer, ScanLine, ScanRequest } from "../../gateway/core/api.ts";
import { messageOf, post, Refused } from "./http.ts";

export type FoundDevice = Extract<ScanLine, { kind: "found" }>;

/** The lines of a scan as they come; ends when the scan does or when `stop` aborts. */
export async function* scanLines(request: ScanRequest, stop: AbortSignal): AsyncGenerator<ScanLine> {
  const answer = await fetch("/api/v1/scan", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
    signal: stop,
  });
  if (!answer.ok || !answer.body) throw new Refused(answer.status, messageOf(await answer.text()));
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as ScanLine;
  }
}

/** Signals that nearly everybody wants of a meter or a sensor; the others are one touch away. */
const usual =
  /^(power(_active)?|voltage(_l1(_n)?)?|current(_l1)?|energy_(import|active_import|total)|frequency|power_factor|temperature\d?|humidity|ai\d|velocity_[xyz])$/;

export function proposedSignals(sample: FoundDevice["sample"]): Set<string> {
  const names = sample.map(({ signal }) => signal);
  const wanted = names.filter((name) => usual.test(name));
  return new Set(wanted.length > 0 ? wanted : names.slice(0, 6));
}

/** Whether a value can be what it says it is; undefined where nobody can tell without looking at the device. */
export function plausible(signal: string, value: number, unit: string): boolean | undefined {
  if (/voltage/.test(signal) && unit === "V" && value > 50)
    return (value >= 195 && value <= 265) || (value >= 340 && value <= 460);
  if (/frequency/.test(signal)) return value >= 49 && value <= 51;
  if (/power_factor/.test(signal)) return value >= -1 && value <= 1;
  if (unit === "Cel") return value > -40 && value < 400;
  if (unit === "%" && /humid/.test(signal)) return value >= 0 && value <= 100;
  return undefined;
}

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
  profile: string;
  deviceId: string;
  signals: readonly string[];
  /** An existing machine's id, or a new one's id and name. */
  machine: { id: string; name?: string };
}

/** What is added to the site file: the line with its device, and the machine where it is new. */
export function editsFor({ port, device, profile, deviceId, signals, machine }: Commissioned): object[] {
  const serial = port.startsWith("/")
    ? { baud: device.baud, parity: device.parity, ...(device.stopBits !== 1 && { stop_bits: device.stopBits }) }
    : {};
  const line = {
    id: idOf(`ligne-${deviceId}`),
    type: "modbus",
    port,
    ...serial,
    devices: [{ id: deviceId, profile, slave: device.slave, every: "1s", machine: machine.id, signals: [...signals] }],
  };
  const edits: object[] = machine.name
    ? [{ path: ["machines"], add: true, value: { id: machine.id, name: machine.name } }]
    : [];
  return [...edits, { path: ["drivers"], add: true, value: line }];
}

export const preview = (edits: readonly object[]): Promise<ConfigAnswer> => post("/config/edit", { edits });
