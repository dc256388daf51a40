import type { Point } from "../../../gateway/core/point.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, MINUTE, steadyMs } from "../../../gateway/core/time.ts";
import type { DetectorPlugin } from "../../../gateway/plugin.ts";
import { noise, uniform } from "../../noise.ts";
import { percent, print } from "./figures.ts";

const DAY_MINUTES = 24 * 60;
const MONTH = 30 * DAY_MINUTES;
const MONTHS = 3;
const MACHINES = 40;
const RULES = ["trend", "iso-vibration"] as const;

const point: Point = {
  id: "m/vibration",
  machine: "m",
  signal: { name: "vibration", unit: "mm/s", kind: "gauge", every: MINUTE },
  driver: "d",
  device: "d",
};

/** Simulated vibration of machines that work in shifts: how often somebody is called for nothing, and how often in time. */
export function months(plugins: ReadonlyMap<string, DetectorPlugin>): void {
  print(`Simulated vibration, ${MACHINES} machines × ${MONTHS} months, rules with their defaults`);
  const called = Array.from({ length: MACHINES }, (_, seed) => lived(seed, undefined, plugins)).filter(Boolean).length;
  print(`  healthy: ${called} machines alerted (dumb rule, never alert: 0)`);
  const onset = 1.5 * MONTH;
  const leads = Array.from({ length: MACHINES }, (_, seed) => lived(seed, onset, plugins)).flatMap((lead) =>
    lead === undefined ? [] : [lead],
  );
  const middle = leads.sort((a, b) => a - b)[leads.length >> 1] ?? Number.NaN;
  print(
    `  wearing: ${percent(leads.length / MACHINES)} alerted, half of them ${middle.toFixed(1)} days before 7.1 mm/s or more`,
  );
}

/** Days between the first alert and the limit; for a healthy machine anything but undefined is a false alert. */
function lived(seed: number, onset: number | undefined, plugins: ReadonlyMap<string, DetectorPlugin>) {
  const [draw, rough] = [uniform(100 + seed), noise(500 + seed)];
  const products = [1, 0.85 + 0.3 * draw(), 0.8 + 0.5 * draw()];
  const [base, drift, pace] = [0.8 + 0.8 * draw(), 0.05 * draw(), (5 + 15 * draw()) * 0.4 * DAY_MINUTES];
  const rules = RULES.map((type) => running(type, plugins));
  let [product, warm, first]: [number, number, number | undefined] = [1, 0, undefined];
  for (let i = 0; i < MONTHS * MONTH; i++) {
    if (!works(i)) warm = 0;
    else {
      if (warm++ === 0 || draw() < 1 / 480) product = products[Math.floor(3 * draw())] ?? 1;
      const wear = onset === undefined ? 1 : Math.exp(Math.max(0, i - onset) / pace);
      if (base * wear >= 7.1) return first === undefined ? undefined : (i - first) / DAY_MINUTES;
      const season = 1 + 0.08 * Math.sin((2 * Math.PI * (i / DAY_MINUTES + 9 * seed)) / 365);
      const cold = 1 + 0.15 * Math.exp(-warm / 30);
      const glitch = draw() < 0.0005 ? 5 + 10 * draw() : 1;
      const value = base * product * wear * (1 + (drift * i) / MONTH) * season * cold * glitch * (1 + 0.08 * rough());
      if (rules.map((rule) => rule(i, value)).some(Boolean) && i > (onset ?? 0)) first ??= i;
    }
  }
  return first;
}

const works = (minute: number): boolean => {
  const hour = (minute % DAY_MINUTES) / 60;
  return Math.floor(minute / DAY_MINUTES) % 7 < 5 && hour >= 6 && hour < 20 && !(hour >= 12 && hour < 12.5);
};

/** True at a reading at which the rule says alert. */
function running(type: string, plugins: ReadonlyMap<string, DetectorPlugin>) {
  const plugin = plugins.get(type);
  const context = {
    id: type,
    site: { id: "bench", name: "Bench", timezone: "Europe/Paris", language: "en" as const },
    machine: { id: "m", name: { fr: "M", en: "M" }, class: "II" as const },
    point,
    points: [point],
  };
  const detector = plugin?.create(plugin.byDefault?.(context), context);
  let state = structuredClone(detector?.initial);
  return (minute: number, value: number): boolean => {
    const t = minute * MINUTE;
    const item = good(point.id, epochMs(t), value);
    const entry = { seq: minute, boot: 1, steady: steadyMs(t), tq: "synced" as const, item };
    const step = detector?.step(state, entry, { state: "running", since: steadyMs(0) });
    state = step?.state;
    return step?.finding?.active === true && step.finding.level === "alert";
  };
}
