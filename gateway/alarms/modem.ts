import type { Finding } from "../core/detector.ts";
import { numberOf, type Reading } from "../core/reading.ts";
import { MINUTE } from "../core/time.ts";
import type { AlarmRule } from "./record.ts";
import { plainDesign } from "./rule.ts";

/** The gauges of SMS modems, as the gateway's own health brings them. */
export const MODEMS = "gateway/sms_network";

/** A modem without a network wakes nobody; said through the other channels, since its own is the one that is dead. */
export const noNetwork: AlarmRule = {
  id: "sms-network",
  type: "modem",
  machine: "gateway",
  enabled: true,
  design: {
    ...plainDesign,
    delay: { on: 10 * MINUTE, off: MINUTE },
    ackRequired: false,
    cause: { fr: "Carte SIM, antenne, ou coupure de l'opérateur", en: "SIM card, antenna, or the operator's outage" },
    consequence: { fr: "Les alertes par SMS ne partent plus", en: "Alerts by SMS no longer go out" },
    action: { fr: "Regarder le modem et sa carte SIM", en: "Look at the modem and its SIM card" },
  },
};

export const modemFinding = (reading: Reading): Finding => ({
  active: numberOf(reading) === 0,
  level: "alert",
  score: 1,
  point: reading.point,
  text: { fr: "Modem SMS sans réseau", en: "SMS modem without a network" },
});
