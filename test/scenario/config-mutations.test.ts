import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../gateway/config/load.ts";
import type { ConfigAnswer } from "../../gateway/core/api.ts";
import { startGateway } from "../../gateway/main.ts";
import { openWorkshop } from "../../gateway/simulate/workshop.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { random } from "../sim/hostile/random.ts";
import { ledgerOf } from "../sim/ledger.ts";
import { counted, sumOf } from "../sim/metrics.ts";
import { mutated } from "../sim/mutate-config.ts";

/** `npm run test:config` tries ten thousand. What is written on a wire meanwhile is judged by test/wire/watch.ts. */
const MUTANTS = Number(process.env.CONFIG_MUTANTS ?? 100);
const SEED = Number(process.env.SEED ?? 1);
/** Every n-th refused one is also saved through the page, which must refuse it too, and asked about in the other language. */
const SAVED = 10;
const demo = readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8");

test(
  `${MUTANTS} mutated site files: refused with place and reason within 1 s while the good one runs on, or they run`,
  async () => {
    // One workshop for the good one, one for the mutants: a node has one cable.
    const [workshop, playground] = [await openWorkshop(), await openWorkshop()];
    Object.assign(process.env, portsOf(playground));
    const folder = mkdtempSync(join(tmpdir(), "vigie-mutants-"));
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, demo);
    const good = await launch(["run", "--config", file], { env: portsOf(workshop) });
    const draw = random(SEED);
    const seen = { refused: 0, ran: 0, notStarted: 0, slowest: 0 };
    try {
      await eventually(async () => ((await read(good)).good > 100 ? true : undefined), 20_000);
      const { revision } = await good.get<ConfigAnswer>("/api/v1/config");
      const before = await read(good);
      for (let i = 0; i < MUTANTS; i++) {
        const text = mutated(demo, draw);
        let { problems, took } = await checked(good, text);
        // Somebody else on this machine may have been in the way: that shows when the same file is quick the second time.
        if (took > 1_000) took = Math.min(took, (await checked(good, text)).took);
        seen.slowest = Math.max(seen.slowest, took);
        if (problems.length > 0) {
          for (const problem of problems) expect(problem, text).toMatch(/^\S+:[1-9]\d*:[1-9]\d* .*: .{3,}/s);
          if (++seen.refused % SAVED === 0) {
            expect(await save(good, text, revision)).toBe(422);
            // The page is answered in the language that it asks for, else in the site's.
            const english = await checked(good, text, "?lang=en");
            expect(english.problems).toHaveLength(problems.length);
            for (const [n, problem] of problems.entries()) expect(problem, text).not.toBe(english.problems[n]);
          }
        } else if (await runs(text, folder)) seen.ran += 1;
        else seen.notStarted += 1;
        expect(({} as { polluted?: number }).polluted).toBeUndefined();
      }
      const after = await read(good);
      console.info(
        `${MUTANTS} mutated site files (seed ${SEED}): ${seen.refused} refused, the slowest in ${seen.slowest.toFixed(0)} ms; ` +
          `${seen.ran} ran; ${seen.notStarted} named a port, folder or server that the machine refused; ` +
          `the good one read ${after.good - before.good} values meanwhile, ${after.bad - before.bad} bad, ${after.skipped - before.skipped} skipped`,
      );
      expect(seen.slowest).toBeLessThan(1_000);
      expect(good.process.exitCode).toBeNull();
      expect(readFileSync(file, "utf8")).toBe(demo);
      expect(after.good).toBeGreaterThan(before.good);
      // A hundred files a second block the loop now and then, so a reading may be late; none may stay away.
      expect(after.bad - before.bad).toBeLessThan((after.good - before.good) / 10);
      expect(seen.refused).toBeGreaterThan(MUTANTS / 4);
      expect(seen.ran).toBeGreaterThan(0);
    } finally {
      await good.stop();
      workshop.close();
      playground.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  MUTANTS * 1_000 + 60_000,
);

const portsOf = ({ ports }: Awaited<ReturnType<typeof openWorkshop>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));

/** Runs what passed the check until it has read something, or half a second. False when the machine itself refuses it, in words. */
async function runs(text: string, folder: string): Promise<boolean> {
  const file = join(folder, "mutant.yaml");
  writeFileSync(file, text);
  const data = mkdtempSync(join(tmpdir(), "vigie-mutant-"));
  try {
    const gateway = await startGateway(file, { data, port: 0, mqttPort: 0 });
    const until = performance.now() + 500;
    await eventually(
      () => (performance.now() > until || gateway.meters.sum("readings_good_total") > 20 ? true : undefined),
      2_000,
    );
    const off = () => ledgerOf(gateway.meters.all()).off;
    await eventually(
      () => off().length === 0 || undefined,
      5_000,
      () => `the ledger does not add up: ${off()}\n${text}`,
    );
    await gateway.stop();
    return true;
  } catch (error) {
    // A port or folder that cannot be had carries the system's own code; anything else is a bug of ours.
    const known =
      error instanceof ConfigError ||
      (error instanceof Error && "code" in error) ||
      /^broker:|^web:/.test(String(error));
    if (!known) throw new Error(`it passed the check and did not run:\n${text}`, { cause: error });
    return false;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function read(gateway: RunningGateway): Promise<{ good: number; bad: number; skipped: number }> {
  const counts = counted(await gateway.metrics());
  const sum = (what: string) => sumOf(counts, `readings_${what}_total`);
  return { good: sum("good"), bad: sum("bad"), skipped: sum("skipped") };
}

const send = (gateway: RunningGateway, method: string, path: string, body: unknown) =>
  fetch(`${gateway.url}/api/v1/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function post<T>(gateway: RunningGateway, path: string, body: unknown): Promise<T> {
  const answer = await send(gateway, "POST", path, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

async function checked(
  gateway: RunningGateway,
  text: string,
  query = "",
): Promise<{ problems: string[]; took: number }> {
  const from = performance.now();
  const { problems } = await post<ConfigAnswer>(gateway, `config/check${query}`, { text });
  return { problems: [...problems], took: performance.now() - from };
}

const save = async (gateway: RunningGateway, text: string, revision: string) =>
  (await send(gateway, "PUT", "config", { text, revision })).status;
