import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Engine, openEngine } from "./alarms/engine.ts";
import { clock } from "./clock.ts";
import { type Examined, examine } from "./config/examine.ts";
import { type Config, type Loaded, loadConfig } from "./config/load.ts";
import type { Notifier } from "./core/alarm.ts";
import type { Driver } from "./core/driver.ts";
import type { Historian } from "./core/history.ts";
import type { Cells, Follower, Log } from "./core/log.ts";
import { Meters } from "./core/meter.ts";
import type { Point, PointId } from "./core/point.ts";
import { type Ms, SECOND } from "./core/time.ts";
import { HEALTH_DRIVER, healthDriver } from "./health.ts";
import { follow } from "./log/follow.ts";
import { openStore, type Store } from "./log/store.ts";
import { openBroker } from "./mqtt/broker.ts";
import { carrier, forMachines } from "./notices/carrier.ts";
import { type BrokerAddress, type Context, loadPlugins, type Plugins, type Sink } from "./plugin.ts";
import { openSay } from "./say.ts";
import { type Supervised, supervise } from "./supervise.ts";
import { version } from "./version.ts";
import type { WebParts } from "./web/parts.ts";
import { createWeb } from "./web/server.ts";

/** What a command line may say over the site file. */
export interface Overrides {
  data: string;
  host?: string | undefined;
  port?: number | undefined;
  mqttPort?: number | undefined;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  readonly broker: BrokerAddress | undefined;
  /** The one-time code for the first account, where there is none yet and the page needs one. */
  readonly setupCode: string | undefined;
  /** Stops the drivers, lets the followers drain for a bounded time, then closes everything. */
  stop(): Promise<void>;
}

/** How long drivers may take to let go of their wires, and followers to deliver what is already stored. */
const DRIVERS_STOP_WITHIN: Ms = 3 * SECOND;
const FOLLOWERS_DRAIN_WITHIN: Ms = 5 * SECOND;

/** Config → open → start. Throws a ConfigError when the site file is wrong, before anything opens. */
export async function startGateway(file: string, overrides: Overrides): Promise<Gateway> {
  const plugins = await loadPlugins();
  const loaded = loadConfig(file, plugins, process.env);
  const config = overridden(loaded.config, overrides);
  const house = furnish(config, plugins);
  const examined = examineWith(loaded, house);

  // Whatever opens is closed in reverse order, also when a later part fails to open.
  await using opened = new AsyncDisposableStack();
  const { meters, say, site, machines } = house;
  const points = new Map(examined.points.map((point) => [point.id, point]));
  const { data: folder } = overrides;
  const store = await openStore({ folder, clock, meters, say, points: examined.points, settings: config.store });
  opened.defer(() => store.close());
  house.cells.arrived(store.cells);

  if (config.broker.enabled) {
    const broker = await openBroker({ settings: config.broker, site, cells: store.cells, clock, meters, say });
    opened.defer(() => broker.close());
    house.broker = broker.address;
  }

  const acquiring = new AbortController();
  const wires = { readings: store.readings, bursts: store.bursts, clock, meters, say, signal: acquiring.signal };
  const running = new Map([...examined.drivers].map(([id, { driver }]) => [id, supervise(id, driver, wires)]));
  const stopDrivers = () => {
    acquiring.abort();
    const stopped = [...running.values()].map(({ done }) => done);
    return atMost(DRIVERS_STOP_WITHIN, stopped);
  };
  opened.defer(stopDrivers);

  const sinks = createSinks(house, store, points);
  const engine = await openEngine({
    ...{ site, machines, points: examined.points, plugins: plugins.detectors, rules: config.detectors },
    ...{ settings: config.alarms, log: store.readings, cells: store.cells, clock, meters, say },
    emit: (readings) => void store.readings.append(readings).catch(() => undefined),
  });
  for (const point of engine.points) points.set(point.id, point);
  const notifiers = createNotifiers(house, engine, examined);
  const web = await createWeb(webParts(house, { store, engine, sinks, examined, running, points, folder }));

  const following = new AbortController();
  const options = { cells: store.cells, clock, say, meters, signal: following.signal };
  const start = <T>(log: Log<T>, follower: Follower<T>) => follow(log, follower, options);
  const followers = [
    ...sinks.map((sink) => start(store.readings, sink)),
    start(store.readings, engine),
    start(store.bursts, engine.bursts),
    start(store.readings, web.live),
    ...notifiers.filter(forMachines).map((notifier) => start(store.notices, carrier(notifier))),
  ];

  // Last, because its points are the gauges that everybody else has registered by now.
  const health = healthDriver(meters, clock);
  for (const point of health.points) points.set(point.id, point);
  running.set(HEALTH_DRIVER, supervise(HEALTH_DRIVER, health, wires));

  const rest = opened.move();
  return {
    url: web.url,
    broker: house.broker,
    setupCode: web.setupCode,
    stop: async () => {
      await Promise.all([stopDrivers(), web.close()]);
      following.abort();
      await atMost(FOLLOWERS_DRAIN_WITHIN, followers);
      await engine.close();
      await Promise.allSettled([...sinks, ...notifiers].map((one) => one.close?.()));
      await rest.disposeAsync();
    },
  };
}

/** What every part may ask for before anything is open. */
interface House {
  readonly config: Config;
  readonly plugins: Plugins;
  readonly site: Config["site"];
  readonly machines: Config["machines"];
  readonly meters: Meters;
  readonly say: Context["say"];
  readonly cells: LateCells;
  broker: BrokerAddress | undefined;
  context(id: string): Context;
}

function furnish(config: Config, plugins: Plugins): House {
  const { site, machines } = config;
  const meters = new Meters();
  const say = openSay(site.timezone);
  const context = (id: string): Context => ({ id, site, clock, meters, say, machines });
  return { config, plugins, site, machines, meters, say, cells: new LateCells(), broker: undefined, context };
}

/** Drivers are created before the store is open, so that a wrong file opens nothing; they use their cells only once they run. */
class LateCells implements Cells {
  readonly #cells = Promise.withResolvers<Cells>();
  readonly arrived = this.#cells.resolve;

  async load(kind: string): Promise<Map<string, unknown>> {
    return (await this.#cells.promise).load(kind);
  }

  async commit(change: Parameters<Cells["commit"]>[0]): Promise<void> {
    return (await this.#cells.promise).commit(change);
  }
}

function examineWith(loaded: Loaded, house: House): Examined {
  return examine(loaded, house.plugins, (id) => ({
    ...house.context(id),
    profile: house.config.profile,
    cells: house.cells,
    get broker() {
      return house.broker;
    },
  }));
}

function createSinks(house: House, store: Store, points: ReadonlyMap<PointId, Point>): Sink[] {
  const { config, plugins, broker } = house;
  return config.sinks.map(({ head, options }) => {
    const context = { ...house.context(head.id), points, broker, history: store.history };
    return found(plugins.sinks, head.type).create(options, context);
  });
}

function createNotifiers(
  house: House,
  alarms: Engine,
  { drivers }: Examined,
): (Notifier & { close?(): Promise<void> })[] {
  const { config, plugins, broker, cells } = house;
  const outputs = new Map([...drivers.values()].flatMap(({ driver }) => driver.outputs ?? []).map((o) => [o.id, o]));
  return config.notifiers.map(({ head, options }) => {
    const context = { ...house.context(head.id), alarms, broker, outputs, cells };
    return found(plugins.notifiers, head.type).create(options, context);
  });
}

interface Inside {
  store: Store;
  engine: Engine;
  sinks: readonly Sink[];
  examined: Examined;
  running: ReadonlyMap<string, Supervised>;
  points: ReadonlyMap<PointId, Point>;
  folder: string;
}

function webParts(house: House, { store, engine, sinks, examined, running, points, folder }: Inside): WebParts {
  const { config, site, machines, meters, say } = house;
  const historian: Historian | undefined = sinks.find((sink) => sink.history)?.history;
  const dashboard = join(import.meta.dirname, "../dashboard/dist");
  const view = (id: string, { type, driver }: { type: string; driver: Driver }) => ({
    type,
    state: () => running.get(id)?.state() ?? "running",
    devices: () => driver.devices?.() ?? [],
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
  };
}

const behind = (meters: Meters): Record<string, number> =>
  Object.fromEntries(
    meters
      .all()
      .filter((series) => series.name === "follower_pending")
      .map((series) => [series.labels.follower ?? "", series.value]),
  );

function overridden(config: Config, { host, port, mqttPort }: Overrides): Config {
  return {
    ...config,
    web: { ...config.web, ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
    broker: { ...config.broker, ...(mqttPort !== undefined && { port: mqttPort }) },
  };
}

function found<P>(plugins: ReadonlyMap<string, P>, type: string): P {
  const plugin = plugins.get(type);
  if (!plugin) throw new Error(`no plugin ${type}, though the site file was checked`);
  return plugin;
}

/** Waits for all of them, but never longer than that; their failures have been counted where they happened. */
async function atMost(ms: Ms, work: readonly Promise<unknown>[]): Promise<void> {
  const patience = new AbortController();
  const rest = clock.sleep(ms, patience.signal).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), rest]);
  patience.abort();
}
