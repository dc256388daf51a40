import type { AlarmAnswer, MachineAnswer } from "../../gateway/core/api.ts";
import { ageOf, type LivePoint, staleAfter } from "./live.ts";
import type { Tone } from "./parts/mark.tsx";

/** Alarms that want a person now. */
export const isOpen = ({ state }: AlarmAnswer): boolean =>
  state === "unacked" || state === "returned" || state === "latched-unacked" || state === "latched-acked";

/** Alarms that somebody has in hand. */
export const isHandled = ({ state }: AlarmAnswer): boolean => state === "acked";

export const isAside = ({ state }: AlarmAnswer): boolean =>
  state === "shelved" || state === "suppressed" || state === "out-of-service" || state === "disabled";

export const alarmTone = (alarm: AlarmAnswer): Tone =>
  isAside(alarm) ? "silent" : alarm.level === "alert" ? "alert" : "watch";

const priorityRank = { high: 0, medium: 1, low: 2 } as const;
const stateRank = (alarm: AlarmAnswer): number => (isOpen(alarm) ? 0 : isHandled(alarm) ? 1 : 2);

/** What needs a person most comes first: not yet acknowledged, alert, priority, newest. */
export const byUrgency = (a: AlarmAnswer, b: AlarmAnswer): number =>
  stateRank(a) - stateRank(b) ||
  Number(b.level === "alert") - Number(a.level === "alert") ||
  priorityRank[a.priority] - priorityRank[b.priority] ||
  b.since - a.since;

/** What people see of a machine at one glance. */
export interface Status {
  tone: Tone;
  /** The alarm that says the one thing to do, if any. */
  first: AlarmAnswer | undefined;
  others: number;
  /** Nothing fresh from any of its sensors. */
  silent: boolean;
}

export function statusOf(
  machine: MachineAnswer,
  alarms: readonly AlarmAnswer[],
  points: readonly LivePoint[],
  now: number,
): Status {
  const own = alarms
    .filter((alarm) => alarm.machine === machine.id && (isOpen(alarm) || isHandled(alarm)))
    .sort(byUrgency);
  const measured = points.filter(isMeasured);
  const silent = measured.length > 0 && measured.every((point) => !hasFresh(point, now));
  const [first, ...others] = own;
  const tone = first ? alarmTone(first) : silent ? "silent" : "ok";
  return { tone, first, others: others.length, silent };
}

/** Not what the gateway concludes by itself: a machine's state and health go on when every sensor is silent. */
export const isMeasured = ({ id }: Pick<LivePoint, "id">): boolean => !/\/(state|health)$/.test(id);

const hasFresh = (point: LivePoint, now: number): boolean => {
  const age = ageOf(point, now);
  return point.value !== null && age !== null && age <= staleAfter(point.every);
};

const toneRank: Readonly<Record<Tone, number>> = { alert: 0, watch: 1, silent: 2, ok: 3 };

/** Problems first; within a rank the order of the site file, so that a well machine keeps its place on the wall. */
export const byTrouble = (a: Status, b: Status): number =>
  toneRank[a.tone] - toneRank[b.tone] || Number(b.first ? isOpen(b.first) : 0) - Number(a.first ? isOpen(a.first) : 0);

/** The point that shows at a glance whether a machine works: power, else vibration, else current, else the first that moves. */
export function mainPoint(points: readonly LivePoint[]): LivePoint | undefined {
  const gauges = points.filter((point) => point.kind === "gauge" && !/health|state|heartbeat/.test(point.id));
  const units = [
    ["W", "kW"],
    ["mm/s", "[g]"],
    ["A", "mA"],
  ];
  for (const wanted of units) {
    const found = gauges.find((point) => wanted.includes(point.unit));
    if (found) return found;
  }
  return gauges[0];
}
