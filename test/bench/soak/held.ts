import { renameSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** Loaded into a gateway (`--import`): at SIGUSR2 it collects, and writes what its main thread still holds, in MB. */
const file = process.env.VIGIE_SOAK_HELD;
if (file && isMainThread) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  process.on("SIGUSR2", () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${file}.new`, String((heapUsed + external) / 1e6));
    renameSync(`${file}.new`, file);
  });
}
