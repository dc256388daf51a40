// A process that updates a box and may be killed in the middle: node updating.ts ROOT FILE well|ill
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { update } from "../../../gateway/box/update.ts";
import { VirtualClock } from "../../sim/clock.ts";

const [root = "", file = "", how = ""] = process.argv.slice(2);
const clock = new VirtualClock();
const note = (what: string) => appendFileSync(join(root, "steps"), `${what}\n`);
let over = false;
const done = update({
  ...{ root, file, clock, tell: () => undefined },
  restart: async () => note("restart"),
  well: async () => how === "well",
  keepStore: async () => note("keep"),
  bringBack: async () => note("bring back"),
}).finally(() => {
  over = true;
});
// Time passes only once somebody waits for it.
const passing = setInterval(
  () => void clock.until(() => over, { limit: 1_000, step: 1_000 }).catch(() => undefined),
  1,
);
console.log(await done);
clearInterval(passing);
