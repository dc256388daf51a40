import { parseArgs } from "node:util";
import type { Proof } from "../sim/modbus/proof.ts";
import { type Check, checks, isCheck, proofWithout } from "./bus-safety/without.ts";

/**
 * `npm run bench -- bus-safety [--scale 1] [--seed 1]`: the whole wire safety proof, 10^6 polls with late answers on each kind of RTU wire
 * and 10^7 changed frames. `wrong` must be 0. The test suite runs a hundredth of it.
 *
 * `--without crc`: the same with that check taken out, to see that the proof notices; `--without each` goes through all of them. Then
 * `wrong` must not be 0.
 */
const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    without: { type: "string" },
  },
});
const scale = Number(values.scale);
const seed = Number(values.seed);

async function prove(without?: Check): Promise<Record<string, Proof>> {
  const { lateAnswers, mutatedFrames, mutatedTcpFrames } = await proofWithout(without);
  return {
    "late answers, line at 9600 baud": await lateAnswers(1e6 * scale, seed, 11 / 9.6),
    "late answers, serial server": await lateAnswers(1e6 * scale, seed + 1, 0),
    "changed RTU frames": mutatedFrames(1e7 * scale, seed + 2),
    "changed TCP frames": mutatedTcpFrames(1e6 * scale, seed + 3),
  };
}

if (values.without === undefined) {
  const proofs = await prove();
  console.table(proofs);
  process.exitCode = Object.values(proofs).every(({ wrong }) => wrong === 0) ? 0 : 1;
} else {
  const each = values.without === "each" ? Object.keys(checks).filter(isCheck) : [values.without].filter(isCheck);
  if (each.length === 0) throw new Error(`--without ${Object.keys(checks).join(" | ")} | each`);
  const found: Record<string, Record<string, number>> = {};
  for (const check of each)
    found[check] = Object.fromEntries(Object.entries(await prove(check)).map(([name, { wrong }]) => [name, wrong]));
  console.log("wrong values with a check taken out:");
  console.table(found);
  const missed = each.filter((check) => Object.values(found[check] ?? {}).every((wrong) => wrong === 0));
  for (const check of missed) console.error(`nothing notices that ${check} is missing`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}
