import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lateAnswers, mutatedFrames, mutatedTcpFrames } from "../../../sim/modbus/proof.ts";

/** A hundredth of `npm run bench -- bus-safety`. */
test("a late answer is never taken for the answer to a later question, on a line at 9600 baud", async () => {
  const proof = await lateAnswers(10_000, 1, 11 / 9.6);
  expect(proof).toMatchObject({ wrong: 0 });
  expect(proof.right).toBeGreaterThan(2_000);
});

test("a late answer is never taken for the answer to a later question, behind a serial server", async () => {
  const proof = await lateAnswers(10_000, 2, 0);
  expect(proof).toMatchObject({ wrong: 0 });
  expect(proof.right).toBeGreaterThan(2_000);
});

test("no damaged, doubled, foreign or cut frame becomes a value", () => {
  const proof = mutatedFrames(100_000, 3);
  expect(proof).toMatchObject({ wrong: 0 });
  expect(proof.right).toBeGreaterThan(8_000);
  expect(proof.refused).toBeGreaterThan(50_000);
});

test("no Modbus TCP frame of another transaction, unit, function or length becomes a value", () => {
  const proof = mutatedTcpFrames(100_000, 4);
  expect(proof).toMatchObject({ wrong: 0 });
  expect(proof.right).toBeGreaterThan(30_000);
});

const bench = (...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "../../../bench/bus-safety.ts"), ...args], {
    encoding: "utf8",
  });

test("each check of a frame is necessary: with it taken out the same proof finds wrong values", () => {
  const { status, stdout, stderr } = bench("--scale", "0.002", "--without", "each");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  for (const check of ["unit", "function", "byte-count", "length", "crc", "transaction-id", "timing", "debts"])
    expect(stdout).toContain(` ${check} `);
});

test("a check that nothing would miss is told", () => {
  const { status, stderr } = bench("--scale", "0.00001", "--without", "timing");
  expect({ status, stderr }).toEqual({ status: 1, stderr: "nothing notices that timing is missing\n" });
});
