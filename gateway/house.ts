import { clock } from "./clock.ts";
import { type Examined, examine } from "./config/examine.ts";
import type { Config, Loaded } from "./config/load.ts";
import type { Alarms, Notifier } from "./core/alarm.ts";
import type { Cells } from "./core/log.ts";
import { Meters } from "./core/meter.ts";
import type { Point, PointId } from "./core/point.ts";
import type { Store } from "./log/store.ts";
import type { Context, EmbeddedBroker, Plugins, Sink } from "./plugin.ts";
import { openSay, Tail } from "./say.ts";

/** What every part may ask for before anything is open. */
export interface House {
  readonly config: Config;
  readonly plugins: Plugins;
  readonly site: Config["site"];
  readonly machines: Config["machines"];
  readonly meters: Meters;
  readonly say: Context["say"];
  /** What it said last, for the page. */
  readonly tail: Tail;
  readonly cells: LateCells;
  broker: EmbeddedBroker | undefined;
  context(id: string): Context;
}

export function furnish(config: Config, plugins: Plugins): House {
  const { site, machines } = config;
  const meters = new Meters();
  const tail = new Tail();
  const say = openSay(site.timezone, undefined, tail);
  const context = (id: string): Context => ({ id, site, clock, meters, say, machines });
  return { config, plugins, site, machines, meters, say, tail, cells: new LateCells(), broker: undefined, context };
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

export function examineWith(loaded: Loaded, house: House): Examined {
  return examine(loaded, house.plugins, (id) => ({
    ...house.context(id),
    profile: house.config.profile,
    cells: house.cells,
    get broker() {
      return house.broker;
    },
  }));
}

export function createSinks(house: House, store: Store, points: ReadonlyMap<PointId, Point>): Sink[] {
  const { config, plugins, broker } = house;
  return config.sinks.map(({ head, options }) => {
    const context = { ...house.context(head.id), points, broker, history: store.history, cells: store.cells };
    return found(plugins.sinks, head.type).create(options, context);
  });
}

export function createNotifiers(
  house: House,
  alarms: Alarms,
  { outputs }: Examined,
  folder: string,
): (Notifier & { close?(): Promise<void> })[] {
  const { config, plugins, broker, cells } = house;
  return config.notifiers.map(({ head, options }) => {
    const context = { ...house.context(head.id), alarms, broker, outputs, cells, folder };
    return found(plugins.notifiers, head.type).create(options, context);
  });
}

function found<P>(plugins: ReadonlyMap<string, P>, type: string): P {
  const plugin = plugins.get(type);
  if (!plugin) throw new Error(`no plugin ${type}, though the site file was checked`);
  return plugin;
}
