import { expect, test } from "vitest";
import { advise, symptomsOf, type UnitCounts } from "../../../../gateway/drivers/modbus/doctor.ts";
import { type LineCounts, noCounts } from "../../../../gateway/drivers/modbus/rtu.ts";

const unit = (slave: number, counts: Partial<UnitCounts> = {}): UnitCounts => ({
  ...{ slave, asked: 100, answered: 100, damaged: 0, late: 0 },
  ...counts,
});
const dead = (slave: number) => unit(slave, { answered: 0 });

const says = (units: readonly UnitCounts[], counts: Partial<LineCounts> = {}, serial = true) =>
  advise(symptomsOf({ baud: 9600, serial, counts: { ...noCounts(), ...counts } }, units)).map((text) => text.en);

test.each<[name: string, units: UnitCounts[], counts: Partial<LineCounts>, advice: RegExp]>([
  ["nobody answers", [dead(1), dead(2)], {}, /swap A and B/],
  ["nothing but our own echo", [dead(1)], { echo: 1 }, /hears nothing but itself/],
  [
    "only damaged answers",
    [unit(1, { answered: 0, damaged: 90 })],
    { crc: 90 },
    /Wrong baud rate or parity: try 19200/,
  ],
  [
    "one of two is damaged",
    [unit(1, { answered: 50, damaged: 50 }), unit(2)],
    { crc: 50 },
    /Two devices probably answer as 1/,
  ],
  ["a few of all are damaged", [unit(1, { damaged: 5 }), unit(2, { damaged: 6 })], { crc: 11 }, /terminate both ends/],
  ["somebody else asks", [unit(1)], { masters: 3 }, /Another master/],
  ["answers too late", [unit(1, { late: 20 })], { late: 20 }, /Slave 1 answers too late/],
  ["an echo that is taken off", [unit(1)], { echo: 1 }, /nothing to do/],
])("%s", (_, units, counts, advice) => {
  const said = says(units, counts);
  expect(said[0]).toMatch(advice);
  expect(said).toHaveLength(1);
});

test("all is well, or too little is known: nothing is said", () => {
  expect(says([unit(1), unit(2, { damaged: 1 })], { crc: 1 })).toEqual([]);
  expect(says([unit(1, { asked: 2, answered: 0 })])).toEqual([]);
  expect(says([unit(1, { asked: 9, answered: 5, damaged: 4 })], { crc: 4 })).toEqual([]);
});

test("Modbus TCP has no A and B to swap", () => {
  expect(says([dead(1)], {}, false)[0]).toMatch(/Connected, but no slave answers/);
});
