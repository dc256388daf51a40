import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { check, startWriter } from "../kill/trial.ts";
import { cuttableDisk } from "./disk.ts";

/**
 * npm run test:powercut [-- --cuts 300]: cuts the power at random moments while a gateway appends, commits cells, compacts
 * and trims, and opens what is left as the next start would. Exit code 1 when anything that was reported saved is missing.
 */
const { values } = parseArgs({ options: { cuts: { type: "string", default: "50" } } });
if (process.getuid?.() !== 0) {
  console.error("npm run test:powercut needs root: it mounts disk images");
  process.exit(1);
}

const disk = cuttableDisk(96);
const figures = {
  cuts: 0,
  lost: 0,
  wrong: 0,
  integrity: 0,
  notStarted: 0,
  worstLossMs: 0,
  worstOpenMs: 0,
  readings: 0,
};
try {
  const { child, told } = await startWriter(join(disk.folder, "data"), 0);
  for (; figures.cuts < Number(values.cuts); figures.cuts++) {
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 1_200));
    const before = { ...told };
    const at = Date.now();
    const left = disk.cut();
    try {
      await judge(join(left.folder, "data"), before, at);
    } finally {
      left.close();
    }
  }
  child.kill("SIGKILL");
  await once(child, "exit");
} finally {
  disk.close();
}
console.log(JSON.stringify(figures));
process.exit(
  figures.lost + figures.wrong + figures.integrity + figures.notStarted > 0 || figures.worstLossMs > 1_000 ? 1 : 0,
);

async function judge(folder: string, told: { saved: number; cell: number }, at: number): Promise<void> {
  try {
    const found = await check(folder);
    if (found.last < told.saved || found.cell < told.cell) figures.lost++;
    if (found.wrong) figures.wrong++;
    if (found.integrity !== "ok") figures.integrity++;
    if (found.last < told.saved || found.wrong) console.error(`cut ${figures.cuts}:`, told, found);
    figures.worstLossMs = Math.max(figures.worstLossMs, at - found.lastT);
    figures.worstOpenMs = Math.max(figures.worstOpenMs, Math.round(found.openMs));
    figures.readings = found.last + 1;
  } catch (error) {
    figures.notStarted++;
    console.error(`cut ${figures.cuts}: does not start:`, error);
  }
}
