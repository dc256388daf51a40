import { alarms } from "./en/alarms.ts";
import { box } from "./en/box.ts";
import { commission } from "./en/commission.ts";
import { notices } from "./en/notices.ts";
import { people } from "./en/people.ts";
import { watch } from "./en/watch.ts";
import { work } from "./en/work.ts";
import type { Words } from "./fr.ts";

export const en: Words = { ...watch, ...alarms, ...box, ...people, ...work, ...commission, ...notices };
