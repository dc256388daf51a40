import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { SECOND } from "../../../gateway/core/time.ts";
import { STORE_FILE } from "../../../gateway/log/store.ts";
import type { World } from "./world.ts";

type Fault = (world: World) => Promise<void>;

async function brokerKilled({ mosquitto }: World): Promise<void> {
  await mosquitto.kill();
  await sleep(40 * SECOND);
  await mosquitto.start();
}

async function serverRestarted({ victoria }: World): Promise<void> {
  await victoria.end();
  await sleep(60 * SECOND);
  await victoria.start();
}

async function diskFull({ disk }: World): Promise<void> {
  if (disk === undefined) return;
  const filler = join(disk, "filler");
  try {
    for (let seconds = 0; seconds < 45; seconds++) {
      // Also what is given back meanwhile.
      const { bavail, bsize } = statfsSync(disk);
      const length = (existsSync(filler) ? Number(execFileSync("stat", ["-c", "%s", filler])) : 0) + bavail * bsize;
      if (bavail > 0) execFileSync("sh", ["-c", `fallocate -l ${length} "$1" 2>&- || true`, "sh", filler]);
      await sleep(SECOND);
    }
  } finally {
    rmSync(filler, { force: true });
  }
}

/** Another program holds the file's lock: no commit gets through, as on a disk that takes nothing. */
async function diskLocked({ gateway }: World): Promise<void> {
  const other = new DatabaseSync(join(gateway.data, STORE_FILE), { timeout: 5_000 });
  other.exec("BEGIN IMMEDIATE");
  await sleep(15 * SECOND);
  other.exec("ROLLBACK");
  other.close();
}

async function slavesAway({ slaves }: World): Promise<void> {
  const away = slaves.slice(0, 3);
  for (const slave of away) slave.leave();
  await sleep(15 * SECOND);
  for (const slave of away) slave.comeBack();
}

/** As if the machine had been suspended: a moment without any code running. */
async function stoodStill({ gateway }: World): Promise<void> {
  gateway.process.kill("SIGSTOP");
  await sleep(3 * SECOND);
  gateway.process.kill("SIGCONT");
}

async function bothAway(world: World): Promise<void> {
  await Promise.all([brokerKilled(world), serverRestarted(world)]);
}

const faults: readonly Fault[] = [
  brokerKilled,
  serverRestarted,
  diskLocked,
  diskFull,
  slavesAway,
  stoodStill,
  bothAway,
];
const REST = 15 * SECOND;

/** One after the other, with a rest between, until there is no time for another one; how often each came. */
export async function inflict(world: World, until: () => boolean, told: (fault: string) => void): Promise<void> {
  for (let n = 0; ; n++) {
    await sleep(REST);
    const fault = faults[n % faults.length];
    if (until() || !fault) return;
    told(fault.name);
    await fault(world);
  }
}
