import type { Batch } from "../core/driver.ts";
import { type DriverContext, defineDriver } from "../plugin.ts";
import { resetUsb } from "./lib/usb.ts";
import { budgetLine, budgetOf, tooFull } from "./modbus/budget.ts";
import { ModbusBus } from "./modbus/bus.ts";
import { copperOf, costOf, paceOf } from "./modbus/copper.ts";
import { Counter } from "./modbus/counter.ts";
import { modulusOf } from "./modbus/decode.ts";
import { Lane, type LaneContext, type LaneDevice } from "./modbus/lane.ts";
import { Ledger } from "./modbus/ledger.ts";
import { Memory } from "./modbus/memory.ts";
import { merge } from "./modbus/merge.ts";
import { type ModbusOptions, modbusOptions } from "./modbus/options.ts";
import { outputsOf } from "./modbus/outputs.ts";
import { limitsOf } from "./modbus/plan.ts";
import { type KnownDevice, resolveDevices } from "./modbus/resolve.ts";
import { Share } from "./modbus/share.ts";
import { counted } from "./modbus/words.ts";

/**
 * Modbus RTU on a serial port or over TCP, and Modbus TCP: one owner per wire, many devices on it. What it catches: everything that a
 * wire can do to a frame (see `modbus/bus.ts`). When it lies: when a device itself sends wrong numbers in right frames, or its
 * profile is wrong; `vigie read --expect` is for that.
 */
export default defineDriver<ModbusOptions>({
  options: modbusOptions,

  examine(options, context) {
    const { devices, problems } = resolveDevices(options, context);
    if (problems.length > 0) return { problems };
    const cost = costOf(paceOf(options));
    const budgets = wiresOf(options, devices).map((own) =>
      budgetOf(
        own.map((device) => ({ id: device.options.id, tags: device.tags, limits: limitsOf(device.profile?.read) })),
        cost,
      ),
    );
    const full = budgets.flatMap((budget) => tooFull(budget) ?? []);
    return {
      problems: full.map((message) => ({ path: ["devices"], message })),
      report: budgets.map((budget) => budgetLine(context.id, budget)),
    };
  },

  create(options, context) {
    const { devices } = resolveDevices(options, context);
    const wires = wiresOf(options, devices).map((own, wire) => ({
      bus: newBus(options, context, wire),
      own: own.map((device) => ({ device, ledger: ledgerOf(device, context) })),
    }));
    let lanes: readonly Lane[] = [];
    return {
      points: devices.flatMap((device) => device.tags.map((tag) => tag.point)),
      outputs: wires.flatMap(({ own, bus }) =>
        own.flatMap(({ device }) => outputsOf(context.id, device, bus, options)),
      ),
      devices: () => lanes.flatMap((lane) => lane.devices()),
      bus: () => ({
        wires: lanes.map((lane) => lane.wire()),
        signals: lanes.flatMap((lane) => lane.signals()),
      }),
      async *run(signal: AbortSignal): AsyncGenerator<Batch> {
        const memory = await Memory.load(context.cells, context.id);
        lanes = wires.map(({ own, bus }) => {
          const laneDevices = own.map(({ device, ledger }) => ({
            ...laneDevice(device, ledger, options, memory),
            alone: own.length === 1,
          }));
          return new Lane(bus, laneDevices, laneContext(options, context, memory));
        });
        yield* merge(lanes.map((lane) => lane.run(signal)));
      },
    };
  },
});

/** Which devices share a wire: all, unless a Modbus TCP server is spoken to over several connections. */
function wiresOf(options: ModbusOptions, devices: readonly KnownDevice[]): KnownDevice[][] {
  const count = options.port.startsWith("tcp://") ? Math.min(options.connections, devices.length) : 1;
  return Array.from({ length: count }, (_, wire) => devices.filter((_, index) => index % count === wire));
}

function newBus(options: ModbusOptions, context: DriverContext, wire: number): ModbusBus {
  const { clock, meters, id } = context;
  const bus = new ModbusBus(copperOf(id, options, () => clock.monotonic()));
  const labels = { driver: id, ...(wire > 0 && { wire: `${wire}` }) };
  const busy = meters.counter("bus_busy_ms_total", "Time that a bus was in use", labels);
  const used = meters.gauge("bus_use_percent", "Share of its time that a bus was in use lately", labels);
  const frames = Object.keys(bus.counts).map((kind) => ({
    kind,
    series: meters.counter("bus_stray_frames_total", "What came over a wire and was no answer", { ...labels, kind }),
  }));
  const share = new Share(
    () => bus.busy,
    () => clock.monotonic(),
  );
  meters.probe(() => {
    busy.value = Math.round(bus.busy);
    for (const { kind, series } of frames)
      series.value = new Map<string, number>(Object.entries(bus.counts)).get(kind) ?? 0;
    used.value = share.look();
  });
  return bus;
}

const ledgerOf = (device: KnownDevice, context: DriverContext): Ledger =>
  new Ledger(
    context.meters,
    context.id,
    device.options.id,
    device.tags.map((tag) => tag.point),
    () => context.clock.monotonic(),
  );

const laneDevice = (
  device: KnownDevice,
  ledger: Ledger,
  options: ModbusOptions,
  memory: Memory,
): Omit<LaneDevice, "alone"> => ({
  id: device.options.id,
  about: device.profile
    ? { vendor: device.profile.vendor, model: device.profile.model, verified: device.profile.verified }
    : {},
  ledger,
  slave: device.slave,
  tags: device.tags,
  texts: device.texts,
  limits: limitsOf(device.profile?.read),
  cost: costOf(paceOf(options)),
  holes: memory.holes(device.options.id),
  timeout: options.timeout,
  retries: options.retries,
  pause: device.profile?.read.pause ?? 0,
});

const laneContext = (options: ModbusOptions, context: DriverContext, memory: Memory): LaneContext => ({
  driver: context.id,
  port: options.port,
  baud: options.baud,
  language: context.site.language,
  clock: context.clock,
  say: context.say,
  reset: () => resetUsb(options.port),
  remember: (device, holes) => void memory.setHoles(device, holes).catch(() => undefined),
  counters: (device, tags) =>
    tags.map((tag) => {
      const modulus = modulusOf(tag.meaning);
      if (modulus === undefined) return undefined;
      const point = tag.point.id;
      return new Counter(modulus, memory.offset(device, point), (event, offset) => {
        context.say.info(`${context.id}: ${counted(point, event)[context.site.language]}`);
        void memory.setOffset(device, point, offset).catch(() => undefined);
      });
    }),
});
