import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { good } from "../../../gateway/core/reading.ts";
import { epochMs, HOUR } from "../../../gateway/core/time.ts";
import { carry } from "../../../gateway/log/carry.ts";
import { closeDoor, openDoor, STORE_FILE } from "../../../gateway/log/store.ts";
import { everything, type House, openHouse, spoiled, valuesOf } from "../../sim/house.ts";
import { ledgerOf } from "../../sim/ledger.ts";
import { temporaryFolder } from "../../sim/store.ts";

/** A clock that leaps: each run of a test has an hour of its own. */
class Hours {
  ahead = 0;
  readonly began = clock.now();
  readonly how = {
    clock: { ...clock, now: () => epochMs(clock.now() + this.ahead) },
    evidence: async () => "ntp" as const,
  };

  /** The hour of this test in which a time lies, rounded: 0 is the first. */
  of(t: number | null): number | null {
    return t === null ? null : Math.floor((t - this.began) / HOUR);
  }
}

let next = 0;
/** `rows` of 1,000 readings each. */
async function append(house: House, hours: Hours, rows: number): Promise<void> {
  for (let i = 0; i < rows; i++)
    await house.store.readings.append(Array.from({ length: 1_000 }, () => good("m/n", hours.how.clock.now(), next++)));
}

interface Piece {
  first: number;
  last: number;
  why: string;
  from: number | null;
  to: number | null;
}

function inFile<T>(folder: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(folder, STORE_FILE));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const purge = (house: House, rows: number) =>
  inFile(house.folder, (db) =>
    db.prepare("DELETE FROM readings WHERE first IN (SELECT first FROM readings ORDER BY first LIMIT ?)").run(rows),
  );

/** One flipped bit in the row that begins with this number. */
const damage = (house: House, first: number) =>
  inFile(house.folder, (db) => {
    const body = db.prepare("SELECT body FROM readings WHERE first = ?").get(first)?.body as Uint8Array;
    const at = body.length - 1;
    body[at] = (body[at] ?? 0) ^ 1;
    db.prepare("UPDATE readings SET body = ? WHERE first = ?").run(body, first);
  });

/** Rows and gaps of the readings in the order of their numbers; gaps that hold none come apart, under `times`. */
function pieces(folder: string): { numbers: Piece[]; times: Piece[] } {
  return inFile(folder, (db) => {
    const rows = db.prepare("SELECT first, first + n - 1 AS last, 'row' AS why FROM readings").all();
    const gaps = db
      .prepare('SELECT first, last, why, from_t AS "from", to_t AS "to" FROM gap WHERE log = \'readings\'')
      .all();
    const all = [...rows, ...gaps] as unknown as Piece[];
    const times = all.filter(({ first, last }) => last < first);
    return { numbers: all.filter(({ first, last }) => last >= first).sort((a, b) => a.first - b.first), times };
  });
}

/** Each number lies in one row or in one gap. */
function expectExplained(numbers: readonly Piece[]): void {
  const off = numbers.filter(({ first }, i) => i > 0 && first !== (numbers[i - 1]?.last ?? 0) + 1);
  expect(off).toEqual([]);
}

async function carriedOnce({ folder: from }: House, to: string): Promise<void> {
  const door = await openDoor(to);
  await carry(from, to, door, clock);
  await closeDoor(door);
}

test.for([
  4, 5,
])("%i rows lost of three runs in memory lie in the times of their own runs, also after a second go at the disk", {
  timeout: 30_000,
}, async (gone) => {
  next = 0;
  const hours = new Hours();
  const folder = temporaryFolder();
  await (await openHouse(folder, hours.how)).close();
  const heal = spoiled(folder);
  for (const hour of [0, 2]) {
    hours.ahead = hour * HOUR;
    const run = await openHouse(folder, hours.how);
    await append(run, hours, 2);
    await run.close();
  }
  hours.ahead = 4 * HOUR;
  const last = await openHouse(folder, hours.how);
  await append(last, hours, 3);
  // All of the first two runs, and the first thousand of the third or not.
  purge(last, gone);
  heal();
  await carriedOnce(last, folder);
  const inTwo = () => {
    const { numbers, times } = pieces(folder);
    expectExplained(numbers);
    const lost = numbers
      .filter(({ why }) => why === "lost")
      .map((gap) => [gap.last - gap.first + 1, hours.of(gap.from), hours.of(gap.to)]);
    expect(lost).toEqual([[2_000, 0, 0], [2_000, 2, 2], ...(gone === 5 ? [[1_000, 4, 4]] : [])]);
    const off = [...numbers, ...times].filter(({ why }) => why === "gateway_off");
    expect(off.map(({ from, to }) => [hours.of(from), hours.of(to)])).toEqual(
      expect.arrayContaining([
        [0, 2],
        [2, 4],
      ]),
    );
  };
  inTwo();
  await append(last, hours, 1);
  await last.close();

  hours.ahead = 6 * HOUR;
  const after = await openHouse(folder, hours.how);
  inTwo();
  const entries = await everything(after.store);
  const [lost, left] = [gone * 1_000, 8_000 - gone * 1_000];
  expect(valuesOf(entries)).toEqual(Array.from({ length: left }, (_, i) => lost + i));
  expect(after.store.readings.count?.(0, entries.at(-1)?.seq ?? 0)).toBe(left);
  expect(after.meters.all().find(({ name }) => name === "store_carry_lost_total")?.value).toBe(lost);
  expect(ledgerOf(after.meters.all()).off).toEqual([]);
});

test("what was lost between two goes at the disk lies behind what the first one took, and not where the stand-in began", async () => {
  next = 0;
  const hours = new Hours();
  const folder = temporaryFolder();
  await (await openHouse(folder, hours.how)).close();
  const heal = spoiled(folder);
  const during = await openHouse(folder, hours.how);
  await append(during, hours, 1);
  heal();
  await carriedOnce(during, folder);
  await append(during, hours, 4);
  purge(during, 2);
  damage(during, 3_001);
  await during.close();

  const after = await openHouse(folder, hours.how);
  const entries = await everything(after.store);
  expect(entries.length).toBe(3_000);
  const { numbers } = pieces(folder);
  expectExplained(numbers);
  const [taken, behind] = [entries[999], entries[1_000]];
  const lost = numbers.filter(({ why }) => why === "lost");
  expect(lost).toEqual([
    {
      first: (taken?.seq ?? 0) + 1,
      last: (behind?.seq ?? 0) - 1,
      why: "lost",
      from: taken?.item.t,
      to: behind?.item.t,
    },
  ]);
}, 30_000);

test("a stand-in that knew everybody comes home to a new disk: people, sessions and settings go there, and what it is known by", async () => {
  const folder = temporaryFolder();
  const [disk, data] = [join(folder, "disk"), join(folder, "data")];
  mkdirSync(disk);
  symlinkSync(disk, data);
  const before = await openHouse(data);
  const cells = [
    { kind: "account", key: "me", value: { name: "me" } },
    { kind: "setting", key: "s", value: 1 },
  ];
  await before.store.cells.commit({ cells });
  await before.close();
  mkdirSync(join(disk, "tls"));
  writeFileSync(join(disk, "tls", "box.crt"), "the box's own");
  spoiled(disk);
  const during = await openHouse(data);
  expect(during.standIn).toBeDefined();
  await during.store.cells.commit({ cells: [{ kind: "session", key: "t", value: 2 }] });
  await during.close();
  renameSync(disk, `${disk}.broken`);
  mkdirSync(disk);

  const after = await openHouse(data);
  expect(after.standIn).toBeUndefined();
  const found = await Promise.all(["account", "setting", "session"].map((kind) => after.store.cells.load(kind)));
  expect(found.map((one) => [...one.keys()])).toEqual([["me"], ["s"], ["t"]]);
  expect(readFileSync(join(disk, "tls", "box.crt"), "utf8")).toBe("the box's own");
}, 30_000);
