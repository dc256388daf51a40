import { z } from "zod";
import type { AlarmEvent } from "../core/alarm.ts";
import { journalLine, machineName } from "../core/wording.ts";
import { defineNotifier } from "../plugin.ts";

const options = z.strictObject({
  /** `annunciated`: only what somebody is to be told. `all`: what became of it too, and by whose hand. */
  what: z.enum(["annunciated", "all"]).default("all"),
});

/** Writes alarms into the gateway's own log, for a journal or a console: a warning where somebody is to come. Tells nobody who does not look. */
export default defineNotifier({
  options,
  create: ({ what }, { id, say, site, machines }) => ({
    name: id,
    async notify(event: AlarmEvent) {
      const machine = machineName(machines, event.alarm.machine, site.language);
      const line = journalLine(event, machine, site.language, site.timezone);
      if (line === undefined) return;
      if (event.annunciated) say.warn(line);
      else if (what === "all") say.info(line);
    },
  }),
});
