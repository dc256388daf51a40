import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeWith } from "../need.ts";

const isRoot = process.getuid?.() === 0;

describeWith(["mosquitto", "mosquitto_sub", "unshare", "ip"], "name servers that do not answer (needs root)", () => {
  test.runIf(isRoot)(
    "eight machines and a broker of names that nobody knows: the others are read, told and stored all the same",
    { timeout: 150_000 },
    async () => {
      const script = join(import.meta.dirname, "../sim/silent-names.ts");
      const { stdout } = await promisify(execFile)(process.execPath, [script]);
      console.info(stdout.trim());
      const { asked, skipped, rate, ...took } = JSON.parse(stdout) as Record<string, number>;
      // The name server was asked, and kept its silence.
      expect(asked).toBeGreaterThan(8);
      expect(skipped).toBe(0);
      expect(rate).toBeGreaterThan(8);
      expect(took.address).toBeLessThan(10_000);
      // One time-out of the system, of 10 s, may lie before them; where every question waits for all others it is minutes.
      for (const what of ["known", "broker", "slow"]) expect(took[what], what).toBeLessThan(40_000);
    },
  );
});
