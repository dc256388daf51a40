import { expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { runWall } from "./wall-run.ts";

/** `npm run test:wall` sets these for the whole day; the usual run is five minutes of it: four updates a second, every second of its clock. */
const updates = Number(process.env.WALL_UPDATES ?? 1_200);
const hours = Number(process.env.WALL_HOURS ?? 0);
const minutes = Number(process.env.WALL_MINUTES ?? 5);

describeWith(["chromium"], "the wall board", () => {
  test(`stays light over ${updates} updates, ${minutes} min second by second and ${hours} h of its clock`, {
    timeout: 3_600_000,
  }, async () => {
    const figures = await runWall(updates, minutes, hours);
    console.log(
      `${figures.updates} updates, ${minutes} min, ${hours} h: heap ${(figures.heapBefore / 1e6).toFixed(2)} → ${(figures.heapAfter / 1e6).toFixed(2)} MB, nodes ${figures.nodesBefore} → ${figures.nodesAfter}`,
    );
    expect(figures.updates).toBeGreaterThanOrEqual(updates);
    expect(figures.complaints).toEqual([]);
    expect(figures.heapAfter - figures.heapBefore).toBeLessThan(1_500_000);
    expect(figures.nodesAfter).toBeLessThan(figures.nodesBefore * 1.3 + 200);
  });
});
