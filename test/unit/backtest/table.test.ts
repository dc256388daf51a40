import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openTable, type TableChoice } from "../../../gateway/backtest/table.ts";
import { gathered } from "./gathered.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(text: string, choice: TableChoice = {}) {
  const file = join(folder, "t.csv");
  writeFileSync(file, text);
  const { columns, period, rows } = await openTable(file, choice);
  return { columns, period, rows: await gathered(rows()) };
}

describe("a table as people export it", () => {
  test("commas, a time column found by itself, one value", async () => {
    const { columns, period, rows } = await read("timestamp,value\n2014-04-01 00:00:00,20.5\n2014-04-01 00:05:00,21\n");
    expect([columns, period]).toEqual([["value"], 300_000]);
    expect(rows).toEqual([
      { stamp: "2014-04-01 00:00:00", t: Date.UTC(2014, 3, 1), values: [20.5] },
      { stamp: "2014-04-01 00:05:00", t: Date.UTC(2014, 3, 1, 0, 5), values: [21] },
    ]);
  });

  test("semicolons, and labels left out", async () => {
    const text = "datetime;a;b;anomaly\n2020-03-01 16:28:16;1;2;0\n2020-03-01 16:28:17;3;4;1\n";
    const { columns, rows } = await read(text, { ignore: ["anomaly"] });
    expect([columns, rows[1]?.values]).toEqual([
      ["a", "b"],
      [3, 4],
    ]);
  });

  test("labels are left out by their names, and columns can be chosen", async () => {
    const text = "datetime;a;b;anomaly;changepoint\n2020-03-01 16:28:16;1;2;0;0\n2020-03-01 16:28:17;3;4;1;0\n";
    expect((await read(text)).columns).toEqual(["a", "b"]);
    expect((await read(text, { columns: ["b"] })).columns).toEqual(["b"]);
    await expect(read(text, { ignore: ["c"] })).rejects.toThrow('no column "c"; there are datetime, a, b');
  });

  test("blanks, no names, no time", async () => {
    const { columns, rows } = await read("  1.5e0   2\n  3 4\n", { every: 180_000 });
    expect(columns).toEqual(["c1", "c2"]);
    expect(rows).toEqual([
      { stamp: "0", t: 0, values: [1.5, 2] },
      { stamp: "180000", t: 180_000, values: [3, 4] },
    ]);
  });

  test("Windows line ends, quotes, a blank first name and holes", async () => {
    const { columns, rows } = await read(
      '"",x,"y"\r\n2004-03-04 09:27:46,,1\r\n2004-03-04 09:32:46,n/a,2\r\n2004-03-04 09:37:46,7,3\r\n',
    );
    expect(columns).toEqual(["x", "y"]);
    expect(rows.map((r) => r.values)).toEqual([
      [null, 1],
      [null, 2],
      [7, 3],
    ]);
  });

  test("seconds since 1970, and a time column that is named", async () => {
    const { rows } = await read("when;v\n1700000000;1\n1700000001;2\n", { time: "when" });
    expect(rows.map((r) => r.t)).toEqual([1_700_000_000_000, 1_700_000_001_000]);
  });

  test.each([
    ["", {}, "is empty"],
    ["a,b\n", {}, "has no rows"],
    ["a,b\n1,2\n", {}, "no time column found"],
    ["a,b\n1,2\n", { time: "c" }, 'no column "c"; there are a, b'],
    ["t,name\n2020-01-01 00:00:00,x\n", {}, "no column with numbers"],
  ])("%j is refused with the reason", async (text, choice, why) => {
    await expect(read(text, choice)).rejects.toThrow(why);
  });
});
