import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import type { PortAnswer, ProfileAnswer, ScanLine, ScanRequest } from "./core/api.ts";
import { Fault } from "./core/fault.ts";
import type { Clock } from "./core/time.ts";
import { listPorts } from "./drivers/modbus/ports.ts";
import { type Profile, profileSchema } from "./drivers/modbus/profile.ts";
import {
  type Found,
  factoryRounds,
  fullRounds,
  type Round,
  SCAN_TIMEOUT,
  scan,
  type Voice,
} from "./drivers/modbus/scan.ts";
import { openSession } from "./drivers/modbus/session.ts";

/** What the commissioning page needs of the wires. */
export interface Commissioning {
  ports(): Promise<PortAnswer[]>;
  profiles(): ProfileAnswer[];
  scan(request: ScanRequest, signal: AbortSignal): AsyncIterable<ScanLine>;
}

/** `folder`: where the profiles are. Reads only: a scan asks, it never writes. */
export function openCommissioning(folder: string, clock: Clock): Commissioning {
  let read: ReadonlyMap<string, Profile> | undefined;
  const profiles = () => {
    read ??= readProfiles(folder);
    return read;
  };
  return {
    ports: async () =>
      (await listPorts()).map(({ path, node, heldBy, unstable }) => ({ path, name: node, inUseBy: heldBy, unstable })),
    profiles: () => [...profiles()].map(([id, profile]) => ({ id, ...describe(profile) })),
    scan: (request, signal) => lines(request, profiles(), clock, signal),
  };
}

/** The scan as lines. Progress is told where the scan asks, so the two are handed over through a short queue. */
async function* lines(
  request: ScanRequest,
  profiles: ReadonlyMap<string, Profile>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ScanLine> {
  const rounds = roundsOf(request, profiles);
  const of = rounds.reduce((sum, { questions }) => sum + questions.length, 0);
  let progress: ScanLine | undefined;
  const found = scan(rounds, {
    open: (voice) => openSession({ port: request.port, ...voice }, () => clock.monotonic()),
    profiles,
    progress: (voice, slave, left) => {
      const asked = of - Math.round(left / SCAN_TIMEOUT);
      progress = { kind: "progress", asked, of, baud: voice.baud, parity: voice.parity, slave };
    },
    heard: () => undefined,
    signal,
  });
  let count = 0;
  try {
    let next = found.next();
    while (!signal.aborted) {
      const step = await Promise.race([next, clock.sleep(250, signal).catch(() => undefined)]);
      if (progress) yield progress;
      progress = undefined;
      if (!step) continue;
      if (step.done) break;
      count += 1;
      yield lineOf(step.value, profiles);
      next = found.next();
    }
    yield { kind: "done", found: count };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield { kind: "failed", message: error.message };
  }
}

function roundsOf({ port, bauds, parities, slaves }: ScanRequest, profiles: ReadonlyMap<string, Profile>): Round[] {
  const serial = port.startsWith("/");
  const narrowed = bauds ?? parities ?? slaves;
  if (serial && !narrowed) return factoryRounds(profiles);
  const voices = (serial ? (bauds ?? [9_600, 19_200, 2_400]) : [9_600]).flatMap((baud) =>
    (serial ? (parities ?? ["none", "even"]) : (["none"] as const)).map(
      (parity): Voice => ({ baud, parity, stop_bits: 1 }),
    ),
  );
  return fullRounds(voices, slaves ?? Array.from({ length: 247 }, (_, i) => i + 1));
}

function lineOf({ voice, slave, candidates }: Found, profiles: ReadonlyMap<string, Profile>): ScanLine {
  const [best] = candidates;
  const signals = profiles.get(best?.profile ?? "")?.signals ?? {};
  return {
    kind: "found",
    slave,
    baud: voice.baud,
    parity: voice.parity,
    stopBits: voice.stop_bits,
    profiles: candidates.slice(0, 5).map(({ profile, fits }) => {
      const { vendor = "", model = "" } = profiles.get(profile) ?? {};
      return { id: profile, vendor, model, score: fits };
    }),
    sample: Object.entries(best?.shows ?? {}).map(([signal, value]) => {
      const { unit = "1", title } = signals[signal] ?? {};
      return { signal, value, unit, ...(title && { title }) };
    }),
  };
}

const describe = ({ vendor, model, signals }: Profile): Omit<ProfileAnswer, "id"> => ({
  vendor,
  model,
  signals: Object.entries(signals).map(([name, { unit = "1", title }]) => ({ name, unit, ...(title && { title }) })),
});

/** Only profiles of Modbus devices; the folder holds those of other drivers too. */
const readProfiles = (folder: string): ReadonlyMap<string, Profile> =>
  new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith(".yaml"))
      .flatMap((file) => {
        const { data } = profileSchema.safeParse(parse(readFileSync(join(folder, file), "utf8")));
        return data ? [[basename(file, ".yaml"), data] as const] : [];
      }),
  );
