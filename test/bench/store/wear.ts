import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import pino from "pino";
import { clock } from "../../../gateway/clock.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { type BenchOptions, type Figures, folder, open, round, rounded } from "./bench.ts";

const PER_SECOND = 20;
/** Seconds until the write-ahead log has reached the size that it keeps: what happens for ever after is measured. */
const WARM_UP = 280;

/**
 * Bytes that reach the block device per reading, at 20 readings a second in real time, for everything that is written: log,
 * cursors of three followers, cells of an alarm a minute, chunks and roll-ups. On an ext4 loop device; needs root.
 */
export async function wear({ seconds }: BenchOptions): Promise<Figures> {
  if (process.getuid?.() !== 0) return { skipped: "needs root: it mounts a disk image" };
  const root = folder();
  const [image, mounted] = [join(root, "disk.img"), join(root, "disk")];
  mkdirSync(mounted);
  execFileSync("truncate", ["-s", "256M", image]);
  execFileSync("mkfs.ext4", ["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image]);
  execFileSync("mount", ["-o", "loop,noatime", image, mounted]);
  const device = basename(execFileSync("findmnt", ["-no", "SOURCE", mounted]).toString().trim());
  const written = () => {
    const fields = readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/);
    return Number(fields[6]) * 512;
  };
  try {
    const { store, meters } = await open(mounted);
    const ending = new AbortController();
    const followers = ["mqtt", "influx", "alarms"].map((name) =>
      follow(
        store.readings,
        { name, apply: async () => undefined },
        { cells: store.cells, clock, meters, say: pino({ level: "silent" }), signal: ending.signal },
      ),
    );
    const started = clock.monotonic();
    let [before, sent] = [0, 0];
    for (let n = 0; n < WARM_UP + seconds; n++) {
      if (n === WARM_UP) {
        await store.readings.trim();
        execFileSync("sync");
        [before, sent] = [written(), 0];
      }
      void store.readings.append(round(PER_SECOND, n));
      sent += PER_SECOND;
      if (n % 60 === 30)
        void store.cells.commit({
          cells: [{ kind: "alarm", key: "a", value: { n, state: "unacked", text: "x".repeat(400) } }],
        });
      await clock.sleep(started + (n + 1) * 1_000 - clock.monotonic());
    }
    execFileSync("sync");
    const log = written() - before;
    await store.readings.trim();
    ending.abort();
    await Promise.all(followers);
    await store.close();
    execFileSync("sync");
    const all = written() - before;
    return {
      seconds,
      readings: sent,
      deviceBytesPerReading: rounded(all / sent, 0),
      ofThatLogAndCursors: rounded(log / sent, 0),
      fileBytesPerReading: rounded(statSync(join(mounted, "vigie.db")).size / sent, 0),
    };
  } finally {
    execFileSync("umount", [mounted]);
    execFileSync("rm", ["-rf", root]);
  }
}
