import { useSignal } from "@preact/signals";
import type { DriverAnswer, ProfileAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { type FoundDevice, numberOf } from "../commission.ts";
import { words } from "../words/index.ts";
import type { Line } from "./commission-describe.tsx";
import { Field } from "./field.tsx";

export interface Joining {
  /** The driver's name. */
  port: string;
  device: FoundDevice;
  line: Line;
}

/** One more device on a line that is read already: its address and its model are what its own menu and label say. */
export function JoinLine({ choose }: { choose: (joining: Joining) => void }) {
  const w = words.value.commission;
  const drivers = useAsked<DriverAnswer[]>("/devices").value.answer ?? [];
  const profiles = useAsked<ProfileAnswer[]>("/profiles").value.answer ?? [];
  const lines = drivers.flatMap(({ driver, type }, index) => (type === "modbus" ? [{ driver, index }] : []));
  const [line, model, slave] = [useSignal(""), useSignal(""), useSignal("")];
  if (lines.length === 0 || profiles.length === 0) return null;
  const join = (event: Event): void => {
    event.preventDefault();
    const chosen = lines.find(({ driver }) => driver === (line.value || lines[0]?.driver));
    const profile = profiles.find(({ id }) => id === model.value);
    const address = numberOf(slave.value);
    if (!chosen || !profile || address === undefined) return;
    const known = { id: profile.id, vendor: profile.vendor, model: profile.model, score: 0 };
    choose({
      port: chosen.driver,
      device: { kind: "found", slave: address, baud: 0, parity: "none", stopBits: 1, profiles: [known], sample: [] },
      line: {
        driver: chosen.index,
        rows: profile.signals.map(({ name, unit, title }) => ({
          signal: name,
          unit,
          value: null,
          ...(title && { title }),
        })),
      },
    });
  };
  return (
    <section class="panel" aria-label={w.join}>
      <h2>{w.join}</h2>
      <p>{w.joinHow}</p>
      <form onSubmit={join}>
        <label class="field">
          {w.line}
          <select value={line.value || lines[0]?.driver} onChange={(event) => (line.value = event.currentTarget.value)}>
            {lines.map(({ driver }) => (
              <option key={driver} value={driver}>
                {driver}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          {words.value.bus.about.model}
          <select required value={model.value} onChange={(event) => (model.value = event.currentTarget.value)}>
            <option value="">–</option>
            {profiles.map(({ id, vendor, model: name }) => (
              <option key={id} value={id}>
                {vendor} {name}
              </option>
            ))}
          </select>
        </label>
        <Field label={w.slaveAddress} value={slave} />
        <button type="submit">{w.joinNow}</button>
      </form>
    </section>
  );
}
