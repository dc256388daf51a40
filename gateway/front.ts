import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "./alarms/engine.ts";
import { backtestOf } from "./backtest/job.ts";
import { linkedTo } from "./box/install.ts";
import { inside as installed } from "./box/layout.ts";
import { clock } from "./clock.ts";
import { openCommissioning } from "./commission.ts";
import type { Examined } from "./config/examine.ts";
import { ConfigError, parseConfig } from "./config/load.ts";
import type { SystemAnswer } from "./core/api.ts";
import type { Driver } from "./core/driver.ts";
import type { Historian } from "./core/history.ts";
import type { Meters } from "./core/meter.ts";
import type { Point, PointId } from "./core/point.ts";
import { powerSpectrum } from "./detectors/lib/spectrum.ts";
import { residentMemory } from "./health.ts";
import { examineWith, furnish, type House } from "./house.ts";
import { restore, verify } from "./log/backup.ts";
import type { Store } from "./log/store.ts";
import { presetNames } from "./mqtt/accounts.ts";
import type { Broker } from "./mqtt/broker.ts";
import type { Postman } from "./notices/postman.ts";
import type { Sink } from "./plugin.ts";
import { waterfall } from "./spectra.ts";
import type { Supervised } from "./supervise.ts";
import { version } from "./version.ts";
import type { BrokerDoor, ConfigDoor, WebParts } from "./web/parts.ts";

/** What is running, as the web server asks about it. */
export interface Inside {
  store: Store;
  engine: Engine;
  sinks: readonly Sink[];
  examined: Examined;
  running: ReadonlyMap<string, Supervised>;
  points: ReadonlyMap<PointId, Point>;
  folder: string;
  postman: Postman;
  broker: Broker | undefined;
  /** Stops this gateway and starts one with the site file as it is now. */
  reload: ((between?: () => Promise<void>) => Promise<void>) | undefined;
}

/** The gateway as the web server sees it: what it may show, and the few things that it may do. */
export function webParts(house: House, inside: Inside): WebParts {
  const { store, engine, sinks, examined, running, points, folder, postman, broker, reload } = inside;
  const { config, site, machines, meters, say } = house;
  // The store keeps its history whatever sinks there are, and no server that is away can take that answer from people.
  const historian: Historian | undefined =
    config.history === undefined ? store.history : sinks[config.history]?.history;
  const dashboard = join(import.meta.dirname, "../dashboard/dist");
  const view = (id: string, { type, driver }: { type: string; driver: Driver }) => ({
    type,
    state: () => running.get(id)?.state() ?? "running",
    devices: () => driver.devices?.() ?? [],
    bus: () => driver.bus?.(),
    bursts: () => driver.bursts ?? [],
  });
  return {
    ...{ settings: config.web, site, version, clock, say, meters, machines, folder, historian, alarms: engine },
    ...{ readings: store.readings, notices: store.notices, bursts: store.bursts, cells: store.cells },
    points,
    drivers: new Map([...examined.drivers].map(([id, one]) => [id, view(id, one)])),
    steady: () => store.time.steady(),
    machineView: (machine) => engine.machineView(machine),
    behind: () => behind(meters),
    logState: () => store.state(),
    dashboard: existsSync(dashboard) ? dashboard : undefined,
    postman,
    office: engine,
    cases: () => engine.cases(),
    spectrum: powerSpectrum,
    waterfall: (source, from, to, rows) => waterfall(store.history, source, from, to, rows),
    ...(historian && {
      backtest: backtestOf(
        {
          history: historian,
          ...{ site, machines, points: examined.points, plugins: house.plugins.detectors },
          ...{ rules: config.detectors, settings: config.alarms },
        },
        clock,
      ),
    }),
    commissioning: openCommissioning(join(import.meta.dirname, "../config/profiles"), clock),
    store: {
      timeQuality: () => store.time.quality(),
      now: () => store.time.now(),
      setTime: (now, by) => store.time.set(now, by),
      backup: (file) => store.backup(file),
      check: verify,
      ...(reload && { restore: (file: string) => reload(() => putBack(folder, file, say)) }),
    },
    ...(broker && { broker: brokerDoor(broker, site.id) }),
    config: configDoor(house, reload),
    logLines: () => house.tail.lines(),
    memory: residentMemory,
    releases,
  };
}

/** While no gateway has the store: a failure leaves everything as it was. */
async function putBack(folder: string, file: string, say: House["say"]): Promise<void> {
  try {
    const aside = await restore(folder, file, clock);
    say.warn(`a backup is in place; what was there before is in ${aside ?? "no folder"}`);
  } catch (error) {
    say.error(`the backup was not put in place: ${error instanceof Error ? error.message : error}`);
  }
  rmSync(file, { force: true });
}

/** Releases side by side, as `vigie install` and `vigie update` keep them. */
function releases(): SystemAnswer["releases"] {
  const before = linkedTo(installed.before);
  try {
    const versions = readdirSync(installed.releases).filter((name) => !name.startsWith("."));
    return { installed: versions.sort(), ...(before !== undefined && { before }) };
  } catch {
    // Not installed; or no descriptor is left to look with.
    return undefined;
  }
}

const brokerDoor = ({ accounts, connected }: Broker, site: string): BrokerDoor => ({
  presets: presetNames,
  list: () => accounts.list(),
  connected,
  create: (name, preset) => accounts.createAs(name, preset, site, clock.now()),
  revoke: (name) => accounts.revoke(name),
});

function configDoor({ config, plugins }: House, reload: Inside["reload"]): ConfigDoor {
  return {
    file: config.file,
    check: async (yaml, language) => {
      try {
        const loaded = parseConfig(yaml, config.file, plugins, process.env);
        const examined = examineWith(loaded, furnish(loaded.config, plugins));
        return { problems: [], report: examined.report };
      } catch (error) {
        if (error instanceof ConfigError) return { problems: error.text[language].split("\n"), report: [] };
        throw error;
      }
    },
    ...(reload && { apply: () => reload() }),
  };
}

const behind = (meters: Meters): Record<string, number> =>
  Object.fromEntries(
    meters
      .all()
      .filter((series) => series.name === "follower_pending")
      .map((series) => [series.labels.follower ?? "", series.value]),
  );
