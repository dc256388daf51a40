import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { PointAnswer } from "../../gateway/core/api.ts";
import { openWorkshop } from "../../gateway/simulate/workshop.ts";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { until } from "../sim/peers/kit.ts";
import { startMosquitto } from "../sim/peers/mosquitto.ts";

/** How long the broker is away; `PLANT_OUTAGE_SECONDS=600` is the long run. */
const OUTAGE = Number(process.env.PLANT_OUTAGE_SECONDS ?? 15);
const config = (name: string) => join(import.meta.dirname, "../../config", name);

describeWith(["mosquitto"], "two edge boxes feed a plant box over a broker", () => {
  test(
    `${OUTAGE} s without a broker: every reading of the edge is in the plant, once, with its own time`,
    async () => {
      const workshop = await openWorkshop();
      const broker = await startMosquitto(["allow_anonymous true", "max_queued_messages 0"]);
      const env = { PLANT_BROKER: broker.url };
      const meter = { ...env, EDGE_METER: `tcp://127.0.0.1:${workshop.ports.SIM_MODBUS}` };
      const running: RunningGateway[] = [];
      const start = async (file: string, more: NodeJS.ProcessEnv) => {
        const gateway = await launch(["run", "--config", config(file)], { env: more });
        running.push(gateway);
        return gateway;
      };
      try {
        const plant = await start("plant.yaml", env);
        const [a, b] = await Promise.all([
          start("edge.yaml", { ...meter, EDGE_SITE: "hall-a" }),
          start("edge.yaml", { ...meter, EDGE_SITE: "hall-b" }),
        ]);
        const point = async (id: string) => (await plant.get<PointAnswer[]>("/api/v1/points")).find((p) => p.id === id);
        const good = async (id: string) => (await point(id))?.quality === "good";
        await until(async () => (await good("presse-a/power")) && (await good("presse-b/power")), 20_000);
        const from = Date.now();
        await sleep(3_000);
        await broker.kill();
        await until(async () => (await point("presse-a/power"))?.why === "connection", 10_000);
        await sleep(OUTAGE * 1_000);
        await broker.start();
        await until(async () => (await good("presse-a/power")) && (await good("presse-b/power")), 90_000);
        const to = Date.now();
        await sleep(2_000);
        for (const [edge, hall] of [
          [a, "a"],
          [b, "b"],
        ] as const) {
          const sent = await rows(edge, "presse/power", from, to);
          expect(sent.length).toBeGreaterThan(OUTAGE);
          let there: string[] = [];
          await until(async () => {
            there = await rows(plant, `presse-${hall}/power`, from, to);
            return there.length >= sent.length;
          }, 60_000).catch(() => undefined);
          expect(there).toEqual(sent);
          console.info(`plant: hall-${hall}: ${sent.length} readings at the edge, ${there.length} in the plant`);
        }
      } finally {
        await Promise.all(running.map((gateway) => gateway.stop()));
        await broker.stop();
        workshop.close();
      }
    },
    (OUTAGE + 180) * 1_000,
  );
});

/** Time and value of every reading that has one, as the history keeps it. */
async function rows(gateway: RunningGateway, point: string, from: number, to: number): Promise<string[]> {
  const answer = await fetch(`${gateway.url}/api/v1/export.csv?lang=en&point=${point}&from=${from}&to=${to}`);
  expect(answer.status).toBe(200);
  const [, ...lines] = (await answer.text()).trim().split("\r\n");
  return lines.map((line) => line.split(",")).flatMap(([, t = "", , value = ""]) => (value ? [`${t} ${value}`] : []));
}
