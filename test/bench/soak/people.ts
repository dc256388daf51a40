import { setTimeout as sleep } from "node:timers/promises";
import { DAY, HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import { points } from "./world.ts";

const SPANS = [10 * MINUTE, HOUR, DAY, 30 * DAY, 365 * DAY];

export interface Served {
  questions: number;
  exports: number;
  /** Answers that were none. */
  failed: number;
}

/** Who looks at the page meanwhile: charts every two seconds, a table every minute that is read slowly, and one live page. */
export async function lookAt(url: string, until: () => boolean): Promise<Served> {
  const served = { questions: 0, exports: 0, failed: 0 };
  const ask = async (path: string, reader: (response: Response) => Promise<void>) => {
    try {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(5 * MINUTE) });
      if (!response.ok) served.failed++;
      await reader(response);
    } catch {
      served.failed++;
    }
  };
  const charts = async () => {
    for (let n = 0; !until(); n++) {
      const [point, to] = [points[(n * 7) % points.length], Date.now()];
      const from = to - (SPANS[n % SPANS.length] ?? HOUR);
      await ask(`/api/v1/history?point=${point}&from=${from}&to=${to}&buckets=2000`, async (answer) => {
        await answer.arrayBuffer();
        served.questions++;
      });
      await sleep(2 * SECOND);
    }
  };
  const tables = async () => {
    for (let n = 0; !until(); n++) {
      const list = points.filter((_, i) => i % 5 === n % 5).map((point) => `point=${point}`);
      await ask(`/api/v1/export.csv?${list.join("&")}&from=${Date.now() - HOUR}`, async (answer) => {
        for await (const _ of answer.body ?? []) await sleep(20);
        served.exports++;
      });
      await sleep(MINUTE);
    }
  };
  // Closed and opened again each minute, as on a telephone.
  const page = async () => {
    while (!until()) {
      const open = AbortSignal.timeout(MINUTE);
      const read = async () => {
        for await (const _ of (await fetch(`${url}/api/v1/events`, { signal: open })).body ?? []) if (until()) return;
      };
      await read().catch(() => (open.aborted ? undefined : sleep(SECOND)));
    }
  };
  await Promise.all([charts(), tables(), page()]);
  return served;
}
