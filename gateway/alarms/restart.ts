import type { Logger } from "pino";
import { z } from "zod";
import type { AlarmEvent } from "../core/alarm.ts";
import type { Cells, Log } from "../core/log.ts";
import type { Reading } from "../core/reading.ts";
import { placeBefore } from "../core/rewind.ts";
import { epochMs, type Ms, steadyMs } from "../core/time.ts";
import { NAME, printOf } from "./books.ts";
import { caseRuleId } from "./case.ts";
import type { Learned } from "./learned.ts";
import { type AlarmRecord, parseRecord } from "./record.ts";
import type { Rule } from "./rule.ts";
import type { Watch } from "./watch.ts";

export interface RestartParts {
  readonly cells: Cells;
  readonly log: Log<Reading>;
  readonly say: Logger;
}

const REPLAY_BATCH = 5_000;
/** Without a checkpoint, detectors learn again from so many of the newest entries. */
const REPLAY_MOST = 500_000;

/** What an earlier run left behind, taken back in two steps: first what was on disk, then what was in the log. */
export interface Restart {
  /** Alarms whose rule is no longer in the site file. */
  readonly orphans: readonly AlarmRecord[];
  /**
   * Lives again through everything between the last checkpoint and the engine's place in the log, before the first entry is
   * judged. Alarms that nobody can vouch for have `window` to show that they still hold.
   */
  relive(upTo: number, window: Ms): Promise<AlarmEvent[]>;
}

export async function restart(parts: RestartParts, rules: readonly Rule[], watch: Watch): Promise<Restart> {
  const { log } = parts;
  const { seq, records, doubtful } = await restore(parts, rules, watch);
  const orphans = watch.desk.load(records);
  await watch.desk.fleeting.load(parts.cells);
  return {
    orphans,
    async relive(upTo, window) {
      for (let at = Math.max(seq, placeBefore(log, upTo, REPLAY_MOST)); at < upTo; ) {
        const batch = (await log.after(at, REPLAY_BATCH)).filter((entry) => entry.seq <= upTo);
        if (batch.length === 0) break;
        for (const entry of batch) watch.relive(entry);
        at = batch.at(-1)?.seq ?? upTo;
      }
      const out: AlarmEvent[] = [];
      watch.awake(doubtful, window, out);
      return out;
    },
  };
}

interface Fresh {
  /** Where the last checkpoint stands in the log. */
  seq: number;
  records: readonly AlarmRecord[];
  /** Whether the detector behind that rule starts anew, so that nobody knows whether its alarm still holds. */
  doubtful(rule: string): boolean;
}

const checkpoint = z.object({
  seq: z.int().nonnegative(),
  t: z.number(),
  steady: z.number(),
  bad: z.record(z.string(), z.string()),
  silenced: z.record(z.string(), z.string()).default({}),
});
const learnedRule = z.object({ print: z.string(), state: z.unknown() });

async function restore({ cells, say }: RestartParts, rules: readonly Rule[], watch: Watch): Promise<Fresh> {
  const [alarms, states, machines, cases, places] = await Promise.all([
    cells.load("alarm"),
    cells.load("detector"),
    cells.load("machine-state"),
    cells.load("case"),
    cells.load("alarms-checkpoint"),
  ]);
  const place = checkpoint.safeParse(places.get(NAME)).data;
  const learned = new Map<string, unknown>();
  for (const rule of rules) {
    const kept = learnedRule.safeParse(states.get(rule.id)).data;
    if (place && kept?.print === printOf(rule)) learned.set(rule.id, kept.state);
  }
  if (place)
    watch.restore({
      rules: Object.fromEntries(learned),
      machines: Object.fromEntries(machines) as Learned["machines"],
      cases: Object.fromEntries(cases) as Learned["cases"],
      bad: place.bad as Learned["bad"],
      silenced: place.silenced,
      moment: { t: epochMs(place.t), steady: steadyMs(place.steady) },
    });
  const knownCases = new Set([...cases.keys()].map(caseRuleId));
  const records = [...alarms].flatMap(([id, cell]) => {
    const record = parseRecord(cell);
    if (!record) say.warn(`alarm ${id}: its record on disk is damaged, it starts anew`);
    return record ? [record] : [];
  });
  return { seq: place?.seq ?? 0, records, doubtful: (rule) => !learned.has(rule) && !(place && knownCases.has(rule)) };
}
