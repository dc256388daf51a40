import { z } from "zod";
import type { AlarmEvent } from "../core/alarm.ts";
import { headline, machineName } from "../notices/wording.ts";
import { defineNotifier } from "../plugin.ts";

const options = z.strictObject({
  /** `annunciated`: only what somebody is to be told. `all`: every transition. */
  what: z.enum(["annunciated", "all"]).default("annunciated"),
});

/** Writes alarms into the gateway's own log, for a journal or a console. Tells nobody who does not look. */
export default defineNotifier({
  options,
  create: ({ what }, { id, say, site, machines }) => ({
    name: id,
    async notify({ alarm, annunciated, from, to, by, test }: AlarmEvent) {
      if (what === "annunciated" && !annunciated) return;
      const machine = machineName(machines, alarm.machine, site.language);
      const line = headline(alarm, machine, site.language, site.timezone);
      say.warn(`${test ? "TEST " : ""}${line} (${from} → ${to}, ${by})`);
    },
  }),
});
