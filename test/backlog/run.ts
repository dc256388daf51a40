import { parseArgs } from "node:util";
import { DAY, HOUR } from "../../gateway/core/time.ts";
import { outage } from "./outage.ts";

/**
 * npm run test:backlog [-- --days 7 --hours 1]: days offline at 20 readings a second and hours at 200, against Debian's
 * victoria-metrics. All of it must arrive, once; new readings at most 2 s late while the backlog drains at 20,000 a second
 * or more; and over days the gateway must not grow by more than 20 MB (in one hour the compiler alone moves it by more). One line each;
 * exit code 1 when one is missed.
 */
const { values } = parseArgs({
  options: { days: { type: "string", default: "7" }, hours: { type: "string", default: "1" } },
});
let failed = false;
for (const [perSecond, lasts] of [
  [200, Number(values.hours) * HOUR],
  [20, Number(values.days) * DAY],
] as const) {
  if (lasts === 0) continue;
  const figures = await outage({ perSecond, lasts });
  const { missing, twice, drained, freshLateMs, growthAwayMB, offLedger } = figures;
  const flat = lasts < DAY || growthAwayMB <= 20;
  const good = missing + twice + offLedger.length === 0 && drained >= 20_000 && freshLateMs <= 2_000 && flat;
  failed ||= !good;
  console.log(JSON.stringify({ ok: good, perSecond, days: lasts / DAY, ...figures }));
}
process.exit(failed ? 1 : 0);
