import type { DriverAnswer } from "../../../gateway/core/api.ts";
import type { DeviceStatus } from "../../../gateway/core/driver.ts";
import { useAsked } from "../ask.ts";
import { Waiting } from "../parts/asked.tsx";
import { Wires } from "../parts/bus-wires.tsx";
import { Icon } from "../parts/icon.tsx";
import { Mark, type Tone } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { may } from "../session.ts";
import { adviceFor, errorsOf } from "../wiring.ts";
import { words } from "../words/index.ts";

/** Every bus with the devices on it: do they answer, how fast, what goes wrong, and what to do about the wire. */
export default function Bus() {
  const asked = useAsked<DriverAnswer[]>("/devices", 3_000).value;
  const w = words.value.bus;
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        {may("integrator") && (
          <a class="button primary" href="/commission">
            <Icon name="plus" />
            {words.value.commission.open}
          </a>
        )}
      </PageHead>
      <Waiting asked={asked}>
        {(drivers) =>
          drivers.length === 0 ? (
            <p class="empty">{w.none}</p>
          ) : (
            drivers.map((driver) => <Driver key={driver.driver} driver={driver} />)
          )
        }
      </Waiting>
    </section>
  );
}

function Driver({ driver: { driver, type, state, devices } }: { driver: DriverAnswer }) {
  const w = words.value.bus;
  return (
    <section class="panel" aria-label={driver}>
      <header class="panel-head">
        <Mark tone={state === "running" ? "ok" : "alert"} />
        <h2>{driver}</h2>
        <p class="note">
          {type} · {w.driverState[state]} · {w.devices(devices.length)}
        </p>
      </header>
      <ul class="devices">
        {devices.map((device) => (
          <Device key={device.id} device={device} />
        ))}
      </ul>
      {may("viewer") && hasWires(type) && <Wires driver={driver} />}
    </section>
  );
}

function aboutShown(key: string, value: string | number): string | number {
  const w = words.value.bus;
  if (key === "verified") return w.trust[value as keyof typeof w.trust] ?? value;
  if (key === "last reset") return w.resets[value as keyof typeof w.resets] ?? value;
  // Quicker than can be told is not "at once".
  return value === 0 && key.startsWith("response_") ? "< 1" : value;
}

/** Drivers that ask on a wire of their own; the others only listen. */
const hasWires = (type: string): boolean => type === "modbus";

const tones: Readonly<Record<DeviceStatus["state"], Tone>> = {
  ok: "ok",
  degraded: "watch",
  silent: "alert",
  new: "silent",
};

function Device({ device }: { device: DeviceStatus }) {
  const w = words.value.bus;
  const errors = errorsOf(device);
  const advice = adviceFor(device);
  const about = Object.entries(device.about).filter(([key]) => !key.startsWith("errors_"));
  return (
    <li class={`device tone-${tones[device.state]}`}>
      <header>
        <Mark tone={tones[device.state]} />
        <h3>{device.id}</h3>
        <span>{w.state[device.state]}</span>
      </header>
      <dl>
        {about.map(([key, value]) => (
          <div key={key}>
            <dt>{w.about[key as keyof typeof w.about] ?? key.replaceAll("_", " ")}</dt>
            <dd>{aboutShown(key, value)}</dd>
          </div>
        ))}
        {errors.map(({ kind, count }) => (
          <div key={kind} class="device-error">
            <dt>{words.value.fault[kind] ?? kind}</dt>
            <dd>{w.times(count)}</dd>
          </div>
        ))}
      </dl>
      {device.channels && (
        <p class="note">
          {w.channels} {device.channels.map(({ name }) => name).join(", ")}
        </p>
      )}
      {advice && <p class="advice">{w.advice[advice]}</p>}
    </li>
  );
}
