import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { openEngine } from "./alarms/engine.ts";
import { clock } from "./clock.ts";
import type { Examined } from "./config/examine.ts";
import { type Config, loadConfig } from "./config/load.ts";
import type { AlarmEvent } from "./core/alarm.ts";
import type { Driver } from "./core/driver.ts";
import type { Follower, Log, OwnFollower } from "./core/log.ts";
import type { Meters } from "./core/meter.ts";
import type { Reading } from "./core/reading.ts";
import type { Text } from "./core/text.ts";
import { type Ms, SECOND } from "./core/time.ts";
import { adoptZone } from "./core/zone.ts";
import { webParts } from "./front.ts";
import { HEALTH_DRIVER, healthDriver } from "./health.ts";
import { createNotifiers, createSinks, examineWith, furnish, type House } from "./house.ts";
import { follow } from "./log/follow.ts";
import { openGround, type StandIn } from "./log/stand-in.ts";
import type { Store } from "./log/store.ts";
import { openBroker } from "./mqtt/broker.ts";
import type { BrokerIdentity } from "./mqtt/tls.ts";
import { carrier, forMachines } from "./notices/carrier.ts";
import { openPostman } from "./notices/postman.ts";
import { type Context, type EmbeddedBroker, loadPlugins, type Sink } from "./plugin.ts";
import { createSpectra, type Spectra } from "./spectra.ts";
import { type Supervised, supervise } from "./supervise.ts";
import type { WebParts } from "./web/parts.ts";
import { createWeb } from "./web/server.ts";
import { boxIdentity, keepFresh } from "./web/tls/identity.ts";

/** What a command line may say over the site file. */
export interface Overrides {
  data: string;
  host?: string | undefined;
  port?: number | undefined;
  mqttPort?: number | undefined;
  /** Stop this gateway, start the next: a new site file was written, or `between` wants the store while nobody has it. */
  reload?: (between?: () => Promise<void>) => Promise<void>;
  /** Told how many readings per second are planned, before anything opens. */
  planned?: (readingsPerSecond: number) => void;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  readonly broker: EmbeddedBroker | undefined;
  readonly meters: Meters;
  /** Whether the page may be used without an account. */
  readonly open: boolean;
  /** The one-time code for the first account, where there is none yet and the page needs one. */
  readonly setupCode: string | undefined;
  /** Set while the data folder cannot be used and everything goes on from memory: in words for a person. */
  readonly fromMemory: Text | undefined;
  /** Stops the drivers, lets the followers drain for a bounded time, then closes everything. */
  stop(): Promise<void>;
}

/** How long drivers may take to let go of their wires, and followers to deliver what is already stored. */
const DRIVERS_STOP_WITHIN: Ms = 3 * SECOND;
const FOLLOWERS_DRAIN_WITHIN: Ms = 5 * SECOND;
/** Bytes of kept raw bursts while the data folder cannot be used. */
const BURSTS_IN_MEMORY = 8e6;

/** Config → open → start. Throws a ConfigError when the site file is wrong, before anything opens. */
export async function startGateway(file: string, overrides: Overrides): Promise<Gateway> {
  const plugins = await loadPlugins();
  flushCompileCache();
  const loaded = loadConfig(file, plugins, process.env);
  const config = overridden(loaded.config, overrides);
  adoptZone(config.site.timezone);
  const house = furnish(config, plugins);
  const examined = examineWith(loaded, house);
  overrides.planned?.(examined.points.reduce((sum, { signal }) => sum + SECOND / signal.every, 0));

  // Whatever opens is closed in reverse order, also when a later part fails to open.
  await using opened = new AsyncDisposableStack();
  const { meters } = house;
  const points = new Map(examined.points.map((point) => [point.id, point]));
  const asked = {
    folder: overrides.data,
    clock,
    meters,
    say: house.say,
    points: examined.points,
    settings: config.store,
  };
  const { store, folder, standIn } = await openGround(asked);
  opened.defer(() => store.close());
  house.cells.arrived(store.cells);

  const broker = await brokerOf(house, folder, store);
  if (broker) opened.defer(broker.close);
  house.broker = broker?.inside;

  const { running, watch, stopDrivers } = startDrivers(house, examined, store);
  opened.defer(stopDrivers);

  const sinks = createSinks(house, store, points);
  const judges = await openJudges(house, { store, examined, folder, standIn });
  const { engine, notifiers, postman } = judges;
  for (const point of engine.points) points.set(point.id, point);
  const { reload } = overrides;
  const inside = { store, engine, sinks, examined, running, points, folder, postman, broker, reload };
  const web = await createWeb(withoutRestore(webParts(house, inside), standIn));
  store.time.steps((words) => void web.audit("clock-step", words));

  const following = new AbortController();
  const followers = [
    ...followAll(house, { store, sinks, ...judges, live: web.live }, following.signal),
    postman.run(following.signal),
    ...(standIn ? [standIn.run(following.signal, () => void reload?.(async () => undefined))] : []),
  ];

  // Last, because its points are the gauges that everybody else has registered by now.
  const health = healthDriver(meters, clock);
  for (const point of health.points) points.set(point.id, point);
  watch(HEALTH_DRIVER, health);

  const rest = opened.move();
  return {
    url: web.url,
    broker: house.broker,
    meters,
    open: config.web.open,
    setupCode: web.setupCode,
    fromMemory: standIn?.text,
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

/** Every driver of the site, watched over; `watch` takes one more. */
function startDrivers({ meters, say }: House, { drivers }: Examined, { readings, bursts }: Store) {
  const acquiring = new AbortController();
  const running = new Map<string, Supervised>();
  const watch = (id: string, driver: Driver) =>
    void running.set(id, supervise(id, driver, { readings, bursts, clock, meters, say, signal: acquiring.signal }));
  for (const [id, { driver }] of drivers) watch(id, driver);
  const stopDrivers = () => {
    acquiring.abort();
    const stopped = [...running.values()].map(({ done }) => done);
    return atMost(DRIVERS_STOP_WITHIN, stopped);
  };
  return { running, watch, stopDrivers };
}

/** The broker inside, where the site has one. */
async function brokerOf({ config, site, meters, say }: House, folder: string, { cells }: Store) {
  if (!config.broker.enabled) return undefined;
  const identity = await brokerIdentity(config, folder, say);
  return openBroker({ settings: config.broker, site, cells, clock, meters, say, ...identity });
}

interface Ground {
  store: Store;
  examined: Examined;
  folder: string;
  standIn: StandIn | undefined;
}

/** Whoever draws conclusions from readings, and whoever is told of them. */
async function openJudges(house: House, { store, examined, folder, standIn }: Ground) {
  const { config, plugins, site, machines, meters, say } = house;
  const { cells } = store;
  const engine = await openEngine({
    ...{ site, machines, points: examined.points, plugins: plugins.detectors, rules: config.detectors },
    ...{ settings: config.alarms, log: store.readings, notices: store.notices, cells, clock, meters, say },
    emit: (readings) => void store.readings.append(readings).catch(() => undefined),
  });
  const notifiers = createNotifiers(house, engine, examined, folder);
  const postman = await openPostman({
    ...{ settings: config.notices, site, machines, alarms: engine, notifiers, cells },
    ...{ clock, meters, say, steady: () => store.time.steady() },
  });
  const spectra = createSpectra({
    append: (readings) => store.readings.append(readings),
    folder: join(folder, "bursts"),
    ...(standIn && { keep: BURSTS_IN_MEMORY }),
    meters,
  });
  return { engine, notifiers, postman, spectra };
}

interface Followers extends Awaited<ReturnType<typeof openJudges>> {
  store: Store;
  sinks: readonly Sink[];
  live: Follower<Reading>;
}

/** Everybody behind the logs, each at its own place. */
function followAll({ meters, say }: House, all: Followers, signal: AbortSignal): Promise<void>[] {
  const { store, sinks, engine, notifiers, postman, spectra, live } = all;
  const start = <T>(log: Log<T>, follower: Follower<T>) =>
    follow(log, follower, { cells: store.cells, clock, say, meters, signal });
  return [
    ...sinks.map((sink) => start(store.readings, sink)),
    start(store.readings, engine),
    start(store.bursts, engine.bursts),
    start(store.bursts, spectra),
    start(store.notices, keepBursts(spectra)),
    start(store.readings, live),
    start(store.notices, postman.follower),
    ...notifiers.filter(forMachines).map((notifier) => start(store.notices, carrier(notifier))),
  ];
}

/** A backup put in place of a store in memory would be lost with it. */
function withoutRestore(parts: WebParts, standIn: StandIn | undefined): WebParts {
  if (!standIn || !parts.store) return parts;
  const { restore: _, ...store } = parts.store;
  return { ...parts, store };
}

/** Certificate and key for MQTT over TLS, where the site file names none: the box's own. */
async function brokerIdentity(
  { broker, web }: Config,
  folder: string,
  say: Context["say"],
): Promise<{ identity?: BrokerIdentity }> {
  if (!broker.tls || broker.tls.cert) return {};
  const read = () => boxIdentity({ folder, names: web.names, now: clock.now(), say });
  const first = await read();
  return { identity: { ...first, renewed: (use) => keepFresh(first, read, use, say) } };
}

/** Around an alarm of its machine, raw bursts are worth keeping. */
const keepBursts = (spectra: Spectra): Follower<AlarmEvent> => ({
  name: "spectra-alarms" satisfies OwnFollower,
  apply: async (batch) => {
    for (const { item } of batch) if (item.alarm.active && item.annunciated) spectra.found(item.alarm.machine);
  },
});

function overridden(config: Config, { host, port, mqttPort }: Overrides): Config {
  return {
    ...config,
    web: { ...config.web, ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
    broker: { ...config.broker, ...(mqttPort !== undefined && { port: mqttPort }) },
  };
}

/** Waits for all of them, but never longer than that; their failures have been counted where they happened. */
async function atMost(ms: Ms, work: readonly Promise<unknown>[]): Promise<void> {
  const patience = new AbortController();
  const rest = clock.sleep(ms, patience.signal).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), rest]);
  patience.abort();
}
