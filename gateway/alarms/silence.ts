import type { AlarmDesign } from "../core/alarm.ts";
import type { Finding } from "../core/detector.ts";
import { type FaultCode, faults } from "../core/fault.ts";
import type { Point, PointId } from "../core/point.ts";
import { MINUTE, type Ms, type SteadyMs } from "../core/time.ts";
import type { AlarmRule } from "./record.ts";
import type { AlarmSettings } from "./settings.ts";

/**
 * Tells a dead wire from a dead sensor: fifty silent points of one bus are one alarm, not fifty. A device is silent when
 * none of its points brings a number, a line when none of its devices does.
 */
export class Silence {
  readonly #points = new Map<PointId, Device>();
  readonly #lines: Line[] = [];

  constructor(points: readonly Point[], { silentAfter, lineSilentAfter }: Patience) {
    const lines = new Map<string, Line>();
    for (const point of points) {
      const line = lines.get(point.driver) ?? newLine(point.driver, lineSilentAfter);
      lines.set(point.driver, line);
      let device = line.devices.find((d) => d.id === point.device);
      if (!device) {
        device = newDevice(point, silentAfter);
        line.devices.push(device);
      }
      // What is made from bursts falls silent with its device, and says nothing about the wire by itself.
      if (!point.made) device.points.set(point.id, false);
      this.#points.set(point.id, device);
    }
    this.#lines.push(...lines.values());
  }

  /** The alarms that it may raise. */
  rules(): AlarmRule[] {
    return this.#lines.flatMap((line) => [line.rule, ...line.devices.map((device) => device.rule)]);
  }

  /** A point went bad, or is good again. */
  changed(point: PointId, why: FaultCode | undefined, steady: SteadyMs): void {
    const device = this.#points.get(point);
    if (!device?.points.has(point)) return;
    device.points.set(point, why !== undefined && ofTheWire.has(why));
    const silent = [...device.points.values()].every(Boolean);
    if (silent && device.since === undefined) device.since = steady;
    if (!silent) device.since = undefined;
    if (why) device.why = why;
  }

  /** Whether that point's device has been silent so long. */
  silent(point: PointId, steady: SteadyMs, after: Ms): boolean {
    const since = this.#points.get(point)?.since;
    return since !== undefined && steady - since >= after;
  }

  /** What there is to say since the last heartbeat. The line speaks for its devices. */
  findings(): { rule: AlarmRule; finding: Finding }[] {
    const said: { rule: AlarmRule; finding: Finding }[] = [];
    for (const line of this.#lines) {
      const down = line.devices.filter((device) => device.since !== undefined);
      const whole = line.devices.length > 1 && down.length === line.devices.length;
      say(line, whole, lineWords(line), said);
      for (const device of line.devices) say(device, device.since !== undefined && !whole, deviceWords(device), said);
    }
    return said;
  }
}

type Patience = Pick<AlarmSettings, "silentAfter" | "lineSilentAfter">;

interface Speaker {
  id: string;
  rule: AlarmRule;
  active: boolean;
}

interface Device extends Speaker {
  points: Map<PointId, boolean>;
  since: SteadyMs | undefined;
  why: FaultCode;
}

interface Line extends Speaker {
  devices: Device[];
}

/** Causes that lie between the gateway and the device; all others are about one sensor. */
const ofTheWire: ReadonlySet<FaultCode> = new Set<FaultCode>([
  "timeout",
  "crc",
  "garbled",
  "busy",
  "port",
  "connection",
  "stale",
  "down",
  "lost",
  "gateway_off",
  "stalled",
]);

const newLine = (id: string, after: Ms): Line => ({
  id,
  devices: [],
  active: false,
  rule: rule(`line-${id}`, "gateway", after, false),
});

const newDevice = ({ device, machine }: Point, after: Ms): Device => ({
  id: device,
  points: new Map(),
  since: undefined,
  why: "timeout",
  active: false,
  // A device that gets its power from its machine is silent every evening. What does not tell whether the machine is off
  // (its own meter is the silent one) keeps nobody quiet.
  rule: rule(`device-${device}`, machine, after, true),
});

/** A device that comes and goes is one alarm that lasts, not a row of them. */
const OVER_AFTER: Ms = 5 * MINUTE;

function rule(id: string, machine: string, after: Ms, off: boolean): AlarmRule {
  const design: AlarmDesign = {
    class: "alarm",
    priority: "medium",
    delay: { on: after, off: OVER_AFTER },
    latch: false,
    ackRequired: false,
    resetImpliesAck: false,
    suppress: { off, startup: 0, parents: [] },
    cause: { fr: "Câble, alimentation ou adaptateur", en: "Cable, power supply or adapter" },
    consequence: {
      fr: "Cette partie de l'atelier n'est plus surveillée",
      en: "This part of the workshop is not watched",
    },
    action: { fr: "Vérifier l'alimentation, puis le câble et l'adresse", en: "Check power, then cable and address" },
  };
  return { id, type: "silence", machine, enabled: true, design };
}

function say(
  speaker: Speaker,
  active: boolean,
  words: () => Finding,
  said: { rule: AlarmRule; finding: Finding }[],
): void {
  if (active === speaker.active) return;
  speaker.active = active;
  said.push({ rule: speaker.rule, finding: { ...words(), active } });
}

const lineWords = (line: Line) => (): Finding => {
  const points = line.devices.reduce((sum, device) => sum + device.points.size, 0);
  const why = faults[line.devices[0]?.why ?? "timeout"];
  return spoken(
    `${line.id} : ${line.devices.length} appareils muets, ${points} mesures (${why.fr})`,
    `${line.id}: ${line.devices.length} devices silent, ${points} measurements (${why.en})`,
  );
};

const deviceWords = (device: Device) => (): Finding => {
  const why = faults[device.why];
  return spoken(
    `${device.id} muet : ${device.points.size} mesures perdues (${why.fr})`,
    `${device.id} silent: ${device.points.size} measurements lost (${why.en})`,
  );
};

const spoken = (fr: string, en: string): Finding => ({ active: true, level: "alert", score: 1, text: { fr, en } });
