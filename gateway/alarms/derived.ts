import type { MachineState } from "../core/detector.ts";
import { type Machine, type Point, pointId } from "../core/point.ts";
import { good, type Reading } from "../core/reading.ts";
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
  /** A state at once when it changes, everything once a minute. */
  due(watch: Pick<Watch, "around">, now: Moment): Reading[];
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
  const said = new Map<string, MachineState>();
  let next = 0;
  return {
    points,
    due(watch, { t, steady }) {
      const all = steady >= next;
      if (all) next = steady + MINUTE;
      const readings: Reading[] = all ? cases.readings(t) : [];
      for (const machine of machines.keys()) {
        const { state } = watch.around(machine);
        if (!all && said.get(machine) === state) continue;
        said.set(machine, state);
        readings.push(good(pointId(machine, "state"), t, stateNumbers[state]));
      }
      return readings.filter(({ point }) => ours.has(point));
    },
  };
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
