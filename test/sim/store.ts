import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino, { type Logger } from "pino";
import { onTestFinished } from "vitest";
import { Meters } from "../../gateway/core/meter.ts";
import { openStore, type Store, type StoreOptions } from "../../gateway/log/store.ts";
import { VirtualClock } from "./clock.ts";

/** Who ends what a test has begun: the test itself, unless a suite shares it. */
export type Afterwards = (end: () => void | Promise<void>) => void;

/** A folder that goes away with the test. */
export function temporaryFolder(afterwards: Afterwards = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "vigie-test-"));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestStore {
  store: Store;
  clock: VirtualClock;
  meters: Meters;
  folder: string;
  /** Log lines, oldest first. */
  said: string[];
  close(): Promise<void>;
}

/** A real store in a temporary folder under a virtual clock that is believed. Closed with the test. */
export async function openTestStore(
  given: Partial<StoreOptions> & { clock?: VirtualClock; afterwards?: Afterwards } = {},
): Promise<TestStore> {
  const afterwards = given.afterwards ?? onTestFinished;
  const folder = given.folder ?? temporaryFolder(afterwards);
  const clock = given.clock ?? new VirtualClock();
  const meters = given.meters ?? new Meters();
  const said: string[] = [];
  const opening = openStore({
    evidence: async () => "ntp",
    kernel: "one",
    say: memoryLogger(said),
    ...given,
    folder,
    clock,
    meters,
  });
  const store = await running(clock, opening);
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await running(clock, store.close());
  };
  afterwards(close);
  return { store, clock, meters, folder, said, close };
}

/** Lets virtual time pass, a little at a time, until a promise has settled. */
export async function running<T>(clock: VirtualClock, promise: Promise<T>, limit = 60_000): Promise<T> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  for (let passed = 0; !settled; passed += 50) {
    if (passed > limit) throw new Error(`not done after ${limit} virtual ms`);
    await clock.advance(50);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return promise;
}

export function memoryLogger(said: string[]): Logger {
  return pino(
    { level: "debug" },
    { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) },
  );
}
