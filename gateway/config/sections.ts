import type { z } from "zod";
import { ruleHead } from "../alarms/rule.ts";
import { alarmSettings } from "../alarms/settings.ts";
import { storeSettings } from "../log/settings.ts";
import { brokerSettings } from "../mqtt/settings.ts";
import { noticeSettings } from "../notices/settings.ts";
import { webSettings } from "../web/settings.ts";

/** The keys of a site file whose rooms keep their own schema. A missing key is the room's defaults. */
export const sections = {
  rule: ruleHead,
  web: webSettings.prefault({}),
  broker: brokerSettings.prefault({}),
  store: storeSettings.prefault({}),
  alarms: alarmSettings.prefault({}),
  notices: noticeSettings.prefault({}),
};

export interface Sections {
  readonly web: z.output<typeof sections.web>;
  readonly broker: z.output<typeof sections.broker>;
  readonly store: z.output<typeof sections.store>;
  readonly alarms: z.output<typeof sections.alarms>;
  readonly notices: z.output<typeof sections.notices>;
}
