import { parseArgs } from "node:util";
import { lateAnswers, mutatedFrames, mutatedTcpFrames } from "../sim/modbus/proof.ts";

/**
 * `npm run bench -- bus-safety [--scale 1] [--seed 1]`: the whole wire safety proof, 10^6 polls with late answers on each kind of RTU wire
 * and 10^7 changed frames. `wrong` must be 0. The test suite runs a hundredth of it.
 */
const { values } = parseArgs({
  options: { scale: { type: "string", default: "1" }, seed: { type: "string", default: "1" } },
});
const scale = Number(values.scale);
const seed = Number(values.seed);

const proofs = {
  "late answers, line at 9600 baud": await lateAnswers(1e6 * scale, seed, 11 / 9.6),
  "late answers, serial server": await lateAnswers(1e6 * scale, seed + 1, 0),
  "changed RTU frames": mutatedFrames(1e7 * scale, seed + 2),
  "changed TCP frames": mutatedTcpFrames(1e6 * scale, seed + 3),
};
console.table(proofs);
process.exitCode = Object.values(proofs).every((proof) => proof.wrong === 0) ? 0 : 1;
