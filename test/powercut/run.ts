import { parseArgs } from "node:util";
import { Talker } from "../kill/talker.ts";
import { cuttableDisk } from "./disk.ts";
import { type Kind, kinds } from "./kinds.ts";

/**
 * npm run test:powercut [-- --cuts 300]: cuts the power while a gateway appends, compacts, brings a store to another
 * version, and saves its site file, a quarter of the cuts each, and starts on what is left. A cut counts for
 * a phase when the freeze caught it in the middle; one that came before or after is judged all the same. One line per phase;
 * exit code 1 when anything that was reported saved is missing, or a start needed help. Needs root.
 */
const { values } = parseArgs({ options: { cuts: { type: "string", default: "50" } } });
if (process.getuid?.() !== 0) {
  console.error("npm run test:powercut needs root: it mounts disk images");
  process.exit(1);
}
const cuts = Math.max(kinds.length, Number(values.cuts));
/** After each cut the real program has read a machine, and stored it, within so many ms. */
const FIRST_READING = 10_000;
/** So many cuts may miss their phase for each that hits it. */
const PATIENCE = 20;

interface Figures {
  phase: string;
  cuts: number;
  beside: number;
  lost: number;
  wrong: number;
  notStarted: number;
  [worst: string]: number | string;
}

async function cutDuring(kind: Kind, wanted: number): Promise<Figures> {
  const figures: Figures = { phase: kind.phase, cuts: 0, beside: 0, lost: 0, wrong: 0, notStarted: 0 };
  const disk = cuttableDisk(96);
  let talker: Talker | undefined;
  try {
    talker = await Talker.start(kind.program, await kind.prepare(disk.folder));
    while (figures.cuts < wanted && figures.beside < wanted * PATIENCE) {
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 900));
      const left = disk.cut();
      // What it said meanwhile has still to be heard.
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (kind.hit(talker, left)) figures.cuts++;
      else figures.beside++;
      try {
        const found = await kind.judge(left.folder, talker, left);
        if (found.lost) figures.lost++;
        if (found.wrong) figures.wrong++;
        if (found.lost || found.wrong) console.error(`${kind.phase}, cut ${figures.cuts}:`, found);
        for (const [name, value] of Object.entries(found.worst ?? {}))
          figures[name] = Math.max(Number(figures[name] ?? 0), Math.round(value));
      } catch (error) {
        figures.notStarted++;
        console.error(`${kind.phase}, cut ${figures.cuts}: does not start:`, error);
      } finally {
        left.close();
      }
    }
  } finally {
    await talker?.kill();
    disk.close();
  }
  return figures;
}

let failed = false;
for (const [i, kind] of kinds.entries()) {
  const wanted = Math.floor(cuts / kinds.length) + (i < cuts % kinds.length ? 1 : 0);
  const figures = await cutDuring(kind, wanted);
  const good =
    figures.cuts === wanted &&
    figures.lost + figures.wrong + figures.notStarted === 0 &&
    Number(figures.worstLossMs ?? 0) <= 1_000 &&
    Number(figures.worstFirstReadingMs ?? 0) <= FIRST_READING;
  failed ||= !good;
  console.log(JSON.stringify({ ok: good, ...figures }));
}
process.exit(failed ? 1 : 0);
