import { createCases } from "../../../gateway/alarms/case.ts";
import { rulesOf } from "../../../gateway/alarms/rule.ts";
import { alarmSettings } from "../../../gateway/alarms/settings.ts";
import { createWatch } from "../../../gateway/alarms/watch.ts";
import type { AlarmEvent } from "../../../gateway/core/alarm.ts";
import type { Plugins } from "../../../gateway/plugin.ts";
import { type Life, lifeOf, machineOf, pointsOf } from "./shop.ts";

export interface Told {
  day: number;
  rule: string;
  text: string;
}

export interface Lived {
  /** What sent somebody to the machine for a fault of the machine. */
  alerts: Told[];
  /** Devices that had fallen silent, and had. */
  silences: number;
  /** What was shown on the board only. */
  watches: number;
  readings: number;
}

/** Plays a life through the default rules of a machine, exactly as the engine does. */
export function live(life: Life, plugins: Plugins): Lived {
  const machine = machineOf(life.seed);
  const points = pointsOf(machine);
  const machines = new Map([[machine.id, machine]]);
  const site = { id: "soak", name: "Soak", timezone: "Europe/Paris", language: "en" } as const;
  const rules = rulesOf({ site, machines, points, plugins: plugins.detectors, rules: [] });
  const watch = createWatch({ rules, points, settings: alarmSettings.parse({}), cases: createCases(machines) });
  const lived: Lived = { alerts: [], silences: 0, watches: 0, readings: 0 };
  const began = new Map<string, string>();
  const out: AlarmEvent[] = [];
  let start = 0;
  for (const entry of lifeOf(life)) {
    start ||= entry.item.t;
    watch.step(entry, out);
    lived.readings++;
    for (const { alarm, t } of out.splice(0)) {
      // One alarm counts once per occurrence, and once more when it rises from the board to an alert.
      const key = `${alarm.occurrence} ${alarm.level}`;
      if (!alarm.active || alarm.class !== "alarm" || began.get(alarm.id) === key) continue;
      began.set(alarm.id, key);
      if (alarm.rule.startsWith("device-")) lived.silences++;
      else if (alarm.level === "watch") {
        lived.watches++;
        if (process.env.W)
          console.log(
            "W",
            alarm.rule,
            [alarm.text, ...(alarm.evidence ?? [])]
              .map(({ en }) => en)
              .join(" | ")
              .slice(0, 200),
          );
      } else
        lived.alerts.push({
          day: (t - start) / 86_400_000,
          rule: alarm.rule,
          text: [alarm.text, ...(alarm.evidence ?? [])].map(({ en }) => en).join(" | "),
        });
    }
  }
  return lived;
}
