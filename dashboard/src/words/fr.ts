import { alarms } from "./fr/alarms.ts";
import { box } from "./fr/box.ts";
import { commission } from "./fr/commission.ts";
import { notices } from "./fr/notices.ts";
import { people } from "./fr/people.ts";
import { watch } from "./fr/watch.ts";
import { work } from "./fr/work.ts";

/** French is the measure of all dictionaries. Narrow no-break space before ; ! ? and no-break space before : « ». */
export const fr = { ...watch, ...alarms, ...box, ...people, ...work, ...commission, ...notices };

export type Words = typeof fr;
