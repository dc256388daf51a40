/**
 * How common devices speak on MQTT. `{name}` is the device's name in topics, `{signal}` what the signal's own `topic:`
 * says. A device that is not here needs no code: `topic:` and `online:` in the site file say the same.
 */
export interface Pattern {
  topic: string;
  online?: { topic: string; value: string; path?: string };
}

export const patterns = {
  // JSON each TelePeriod; paths as in `ENERGY.Power`.
  tasmota: { topic: "tele/{name}/SENSOR", online: { topic: "tele/{name}/LWT", value: "Online" } },
  // Second generation; the signal's topic is the component, as in `switch:0`, and paths as in `apower`.
  shelly: { topic: "{name}/status/{signal}", online: { topic: "{name}/online", value: "true" } },
  // First generation; the signal's topic as in `relay/0/power`, the payload is the value.
  shelly1: { topic: "shellies/{name}/{signal}", online: { topic: "shellies/{name}/online", value: "true" } },
  // The signal's topic is the entity with its kind, as in `sensor/tank_level`; the payload is the value.
  esphome: { topic: "{name}/{signal}/state", online: { topic: "{name}/status", value: "online" } },
  // JSON; older versions say the availability as a bare word, which `path` lets through.
  zigbee2mqtt: {
    topic: "zigbee2mqtt/{name}",
    online: { topic: "zigbee2mqtt/{name}/availability", value: "online", path: "state" },
  },
} as const satisfies Record<string, Pattern>;
