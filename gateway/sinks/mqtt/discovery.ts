import type { Machine, Point } from "../../core/point.ts";
import { topics } from "../../core/topics.ts";
import { unitShown } from "../../core/unit.ts";
import type { Outgoing } from "../../mqtt/window.ts";
import type { Site } from "../../plugin.ts";

/** Home Assistant's words for what a unit measures; without one it shows a bare number, which is right too. */
const deviceClass: Readonly<Record<string, string>> = {
  Cel: "temperature",
  W: "power",
  kW: "power",
  kWh: "energy",
  V: "voltage",
  A: "current",
  Hz: "frequency",
  bar: "pressure",
  Pa: "pressure",
};

/** One retained message per point, as Home Assistant's MQTT discovery reads them. */
export const discovery = (
  prefix: string,
  site: Site,
  machines: ReadonlyMap<string, Machine>,
  points: Iterable<Point>,
): Outgoing[] =>
  [...points].map((point) => {
    const { signal, machine } = point;
    const unique = `${site.id}_${machine}_${signal.name}`;
    const kind = deviceClass[signal.unit];
    return {
      topic: `${prefix}/sensor/${unique}/config`,
      retain: true,
      payload: JSON.stringify({
        unique_id: unique,
        object_id: unique,
        name: signal.title?.[site.language] ?? signal.name,
        state_topic: topics.reading(site.id, point.id),
        value_template: "{{ value_json.v }}",
        // A bad reading has no value: unavailable then, not zero.
        availability: [
          { topic: topics.reading(site.id, point.id), value_template: availableWhen("value_json.v is not none") },
          { topic: topics.state(site.id), value_template: availableWhen("value_json.state == 'online'") },
        ],
        availability_mode: "all",
        state_class: signal.kind === "counter" ? "total_increasing" : "measurement",
        ...(signal.kind !== "state" && signal.unit !== "1" && { unit_of_measurement: unitShown(signal.unit) }),
        ...(kind && { device_class: kind }),
        device: {
          identifiers: [`vigie_${site.id}_${machine}`],
          name: machines.get(machine)?.name[site.language] ?? machine,
          manufacturer: "Vigie",
          suggested_area: site.name,
        },
      }),
    };
  });

const availableWhen = (condition: string): string => `{{ 'online' if ${condition} else 'offline' }}`;
