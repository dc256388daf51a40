import pino from "pino";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good } from "../../gateway/core/reading.ts";
import { openStore } from "../../gateway/log/store.ts";
import { say } from "./talker.ts";

/**
 * A gateway reduced to its log, made to be killed: appends numbered readings for ever, moves a cell with each batch, and
 * says which are saved. Arguments: folder, first number, and how often to compact: now and then, or `all the time`.
 */
const [folder = "", first = "0", often = ""] = process.argv.slice(2);
const store = await openStore({ folder, clock, meters: new Meters(), say: pino({ level: "silent" }) });
say("open", 0);
let next = Number(first);
if (often === "all the time") void compactForEver();
for (;;) {
  const items = Array.from({ length: 1 + (next % 37) }, () => good(`m/s${next % 5}`, clock.now(), next++));
  const upTo = next - 1;
  void store.readings.append(items).then(() => say("saved", upTo));
  if (upTo % 11 === 0)
    void store.cells
      .commit({ cells: [{ kind: "count", key: "n", value: upTo }], cursor: { follower: "f", seq: upTo } })
      .then(() => say("cell", upTo));
  if (often === "" && upTo % 97 === 0) void compact(upTo);
  await clock.sleep(7);
}

async function compactForEver(): Promise<void> {
  for (let n = 0; ; n++) {
    await compact(n);
    await clock.sleep(20);
  }
}

async function compact(n: number): Promise<void> {
  say("begin-compaction", n);
  await store.readings.trim().catch(() => undefined);
  say("end-compaction", n);
}
