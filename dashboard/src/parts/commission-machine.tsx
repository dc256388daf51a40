import { type ReadonlySignal, type Signal, useComputed, useSignal } from "@preact/signals";
import { idOf } from "../commission.ts";
import { machines } from "../live.ts";
import { nameOf } from "../titles.ts";
import { words } from "../words/index.ts";
import { Field } from "./field.tsx";

const NEW = "+";

interface Choice {
  machine: Signal<string>;
  name: Signal<string>;
}

/** An existing machine, or a new one with the name that somebody types. */
export function useMachineChoice(): ReadonlySignal<() => { id: string; name?: string }> & Choice {
  const machine = useSignal(machines.value.find(({ id }) => id !== "gateway")?.id ?? NEW);
  const name = useSignal("");
  const chosen = useComputed(() => {
    const [known, written] = [machine.value, name.value];
    return () => (known === NEW ? { id: idOf(written), name: written.trim() } : { id: known });
  });
  return Object.assign(chosen, { machine, name });
}

export function MachineChoice({ choice: { machine, name } }: { choice: Choice }) {
  const w = words.value.commission;
  return (
    <>
      <label class="field">
        {w.machine}
        <select value={machine.value} onChange={(event) => (machine.value = event.currentTarget.value)}>
          {machines.value
            .filter(({ id }) => id !== "gateway")
            .map((known) => (
              <option key={known.id} value={known.id}>
                {nameOf(known)}
              </option>
            ))}
          <option value={NEW}>{w.newMachine}</option>
        </select>
      </label>
      {machine.value === NEW && <Field label={w.machineName} value={name} />}
    </>
  );
}
