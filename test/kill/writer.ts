import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good } from "../../gateway/core/reading.ts";
import { openStore } from "../../gateway/log/store.ts";

/**
 * A gateway reduced to its log, made to be killed: appends numbered readings for ever, moves a cell with each batch, and
 * says which are saved. Arguments: folder, first number.
 */
const [folder = "", first = "0"] = process.argv.slice(2);
const store = await openStore({ folder, clock, meters: new Meters(), say: pino({ level: "silent" }) });
process.stdout.write("open\n");
let next = Number(first);
for (;;) {
  const items = Array.from({ length: 1 + (next % 37) }, () => good(`m/s${next % 5}`, clock.now(), next++));
  const upTo = next - 1;
  void store.readings.append(items).then(() => process.stdout.write(`saved ${upTo}\n`));
  if (upTo % 11 === 0)
    void store.cells
      .commit({ cells: [{ kind: "count", key: "n", value: upTo }], cursor: { follower: "f", seq: upTo } })
      .then(() => process.stdout.write(`cell ${upTo}\n`));
  if (upTo % 97 === 0) void store.readings.trim().catch(() => undefined);
  await clock.sleep(7);
}
