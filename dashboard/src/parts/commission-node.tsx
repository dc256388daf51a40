import { useSignal } from "@preact/signals";
import type { DriverAnswer } from "../../../gateway/core/api.ts";
import type { DeviceStatus } from "../../../gateway/core/driver.ts";
import { useAsked } from "../ask.ts";
import { editsForNode, editsForNodePort } from "../commission.ts";
import { unitShown } from "../format.ts";
import { type Proposal, proposed, refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Changes } from "./commission-changes.tsx";
import { MachineChoice, useMachineChoice } from "./commission-machine.tsx";
import { Sheet } from "./commission-sheet.tsx";
import { Mark } from "./mark.tsx";
import { Problem } from "./problem.tsx";

/** A node that has announced itself and is on no machine yet, with the place of its driver in the site file. */
export interface NewNode {
  driver: number;
  device: DeviceStatus;
}

/** Nodes that are plugged in and belong to nobody: they appear by themselves. */
export function NewNodes({ choose }: { choose: (node: NewNode) => void }) {
  const w = words.value.commission;
  const drivers = useAsked<DriverAnswer[]>("/devices", 2_000).value.answer ?? [];
  const fresh = drivers.flatMap(({ type, devices }, driver) =>
    type === "node" ? devices.filter(({ state }) => state === "new").map((device) => ({ driver, device })) : [],
  );
  if (fresh.length === 0) return null;
  return (
    <section class="panel" aria-label={w.nodes}>
      <h2>{w.nodes}</h2>
      <ul class="rows">
        {fresh.map((node) => (
          <li key={node.device.id}>
            <Mark tone="ok" />
            <span>
              <b>{node.device.id}</b> <em>{w.justPlugged}</em>
              <small>{[node.device.about.firmware, node.device.about.port].filter(Boolean).join(" · ")}</small>
              <small>{node.device.channels?.map(({ name }) => name).join(", ")}</small>
            </span>
            <button type="button" class="primary" onClick={() => choose(node)}>
              {w.useNode}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Which machine, which channels; then the same way as any other device. */
export function DescribeNode({ node: { driver, device } }: { node: NewNode }) {
  const w = words.value.commission;
  const machine = useMachineChoice();
  // The pieces of a burst are no values of their own.
  const channels = (device.channels ?? []).filter(
    ({ kind }) => kind === "gauge" || kind === "counter" || kind === "state",
  );
  const chosen = useSignal<ReadonlySet<string>>(new Set(channels.map(({ name }) => name)));
  const next = useSignal<Proposal | null>(null);
  const applied = useSignal(false);
  const problem = useSignal("");
  const wanted = channels.filter(({ name }) => chosen.value.has(name));
  const compare = (event: Event): void => {
    event.preventDefault();
    proposed(editsForNode(driver, device.id, wanted, machine.value())).then(
      (found) => (next.value = found),
      (refused) => (problem.value = refusedBecause(refused)),
    );
  };
  if (applied.value)
    return (
      <Sheet
        machine={machine.value().id}
        rows={wanted.map(({ name, unit, kind }) => ({ signal: name, unit, value: null, type: kind, table: w.channel }))}
        titles={{}}
        where={`${device.id} · ${device.about.port ?? ""}`}
        saved={next.value?.after.text}
      />
    );
  return (
    <form class="panel" onSubmit={compare}>
      <h2>{device.id}</h2>
      <MachineChoice choice={machine} />
      <fieldset class="signals">
        <legend>{w.channels}</legend>
        {channels.map(({ name, unit }) => (
          <div class="signal" key={name}>
            <label>
              <input
                type="checkbox"
                checked={chosen.value.has(name)}
                onChange={() => {
                  const next = new Set(chosen.value);
                  if (!next.delete(name)) next.add(name);
                  chosen.value = next;
                }}
              />
              <span>{name}</span>
              <b>{unitShown(unit)}</b>
            </label>
          </div>
        ))}
      </fieldset>
      <button type="submit" class="primary" disabled={wanted.length === 0}>
        {w.compare}
      </button>
      <Problem said={problem.value} />
      {next.value && <Changes proposal={next.value} done={() => (applied.value = true)} />}
    </form>
  );
}

/** A port at which a node hangs: from then on it is listened to, and whichever node is there announces itself. */
export function NodePort({ port, done }: { port: string; done: () => void }) {
  const w = words.value.commission;
  const next = useSignal<Proposal | null>(null);
  const problem = useSignal("");
  const ask = (): void => {
    proposed(editsForNodePort(port)).then(
      (found) => (next.value = found),
      (refused) => (problem.value = refusedBecause(refused)),
    );
  };
  return (
    <section class="panel" aria-label={w.nodePort}>
      <h2>{w.nodePort}</h2>
      <p>{w.nodePortHow(port)}</p>
      {next.value ? (
        <Changes proposal={next.value} done={done} />
      ) : (
        <button type="button" class="primary" onClick={ask}>
          {w.compare}
        </button>
      )}
      <Problem said={problem.value} />
    </section>
  );
}
