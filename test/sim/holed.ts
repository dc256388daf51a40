import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good } from "../../gateway/core/reading.ts";
import { openStore } from "../../gateway/log/store.ts";

/** For test/unit/log/holes.test.ts, under test/sim/holed.c: opens a store; told to, moves it into the history and appends; says how it went. */
const [folder = "", number = "0"] = process.argv.slice(2);
const said: string[] = [];
const say = pino({}, { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) });
const meters = new Meters();
const store = await openStore({ folder, clock, meters, say });
console.log("open");
for await (const _ of process.stdin) {
  await store.readings.trim();
  await store.readings.append([good("m/s0", clock.now(), Number(number))]);
  break;
}
console.log(JSON.stringify({ said, state: store.state(), damaged: meters.sum("store_damaged_total") }));
await store.close();
