import type { MachineState } from "../core/detector.ts";
import type { FaultCode } from "../core/fault.ts";
import { type Machine, type Point, pointId } from "../core/point.ts";
import { bad, good, type Reading, whyOf } from "../core/reading.ts";
import type { Text } from "../core/text.ts";
import { MINUTE } from "../core/time.ts";
import type { Cases } from "./case.ts";
import type { Moment } from "./record.ts";
import type { Watch } from "./watch.ts";

/** Numbers that stand for what a machine does; they are in the history, so they never change. */
const stateNumbers = { unknown: 0, off: 1, idle: 2, running: 3, transient: 4 } as const satisfies Record<
  MachineState,
  number
>;

const stateWords: Readonly<Record<number, Text>> = {
  0: { fr: "inconnu", en: "unknown" },
  1: { fr: "à l'arrêt", en: "off" },
  2: { fr: "à vide", en: "idle" },
  3: { fr: "en production", en: "running" },
  4: { fr: "en transition", en: "changing" },
};

const DRIVER = "vigie";

export interface Derived {
  readonly points: readonly Point[];
  /** A state at once when it changes, everything once a minute. Of a machine that says nothing itself, nothing is known. */
  due(watch: Pick<Watch, "around" | "last">, now: Moment): Reading[];
}

/** What the engine itself knows of each machine, as readings: state and health go through the log like everything else. */
export function createDerived(
  machines: ReadonlyMap<string, Machine>,
  measured: readonly Point[],
  cases: Pick<Cases, "readings">,
): Derived {
  // A machine may measure a `state` or `health` of its own: then that one stands.
  const taken = new Set(measured.map((point) => point.id));
  const points = [...machines.keys()].flatMap((m) => [statePoint(m), healthPoint(m)]).filter((p) => !taken.has(p.id));
  const ours = new Set(points.map((point) => point.id));
  const own = Map.groupBy(measured, ({ machine }) => machine);
  const said = new Map<string, MachineState | FaultCode>();
  let next = 0;
  return {
    points,
    due(watch, { t, steady }) {
      const all = steady >= next;
      if (all) next = steady + MINUTE;
      const healths = new Map((all ? cases.readings(t) : []).map((reading) => [reading.point, reading]));
      const readings: Reading[] = [];
      for (const machine of machines.keys()) {
        const { state } = watch.around(machine);
        const sensors = own.get(machine) ?? [];
        const heard = sensors.flatMap(({ id }) => watch.last(id) ?? []);
        // Nothing has been read of it since the start: it is not known yet whether anything is wrong.
        if (sensors.length > 0 && heard.length === 0) continue;
        const why = silence(heard);
        const [statePlace, healthPlace] = [pointId(machine, "state"), pointId(machine, "health")];
        const health = healths.get(healthPlace);
        if (health) readings.push(why ? bad(healthPlace, t, why) : health);
        if (!all && said.get(machine) === (why ?? state)) continue;
        said.set(machine, why ?? state);
        readings.push(why ? bad(statePlace, t, why) : good(statePlace, t, stateNumbers[state]));
      }
      return readings.filter(({ point }) => ours.has(point));
    },
  };
}

/** Why none of these readings has a number; undefined while one has. */
function silence(heard: readonly Reading[]): FaultCode | undefined {
  const [first] = heard;
  return first && heard.every(({ quality }) => quality === "bad") ? whyOf(first) : undefined;
}

const statePoint = (machine: string): Point => ({
  id: pointId(machine, "state"),
  machine,
  driver: DRIVER,
  device: DRIVER,
  signal: {
    name: "state",
    unit: "1",
    kind: "state",
    every: MINUTE,
    labels: stateWords,
    title: { fr: "État", en: "State" },
  },
});

const healthPoint = (machine: string): Point => ({
  id: pointId(machine, "health"),
  machine,
  driver: DRIVER,
  device: DRIVER,
  signal: {
    name: "health",
    unit: "%",
    kind: "gauge",
    every: MINUTE,
    range: [0, 100],
    title: { fr: "Santé", en: "Health" },
  },
});
