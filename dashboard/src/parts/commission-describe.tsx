import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ConfigAnswer } from "../../../gateway/core/api.ts";
import { editsFor, type FoundDevice, idOf, plausible, preview, proposedSignals } from "../commission.ts";
import { changedLines } from "../diff.ts";
import { valueShown } from "../format.ts";
import { get, put, Refused } from "../http.ts";
import { livePoint, machines } from "../live.ts";
import { nameOf, titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { Ago } from "./age.tsx";
import { Field } from "./field.tsx";
import { Mark } from "./mark.tsx";

const NEW = "+";

/** Which machine, which signals, under which name; then what that changes in the site file; then live values. */
export function Describe({ port, device }: { port: string; device: FoundDevice }) {
  const w = words.value.commission;
  const machine = useSignal(machines.value.find(({ id }) => id !== "gateway")?.id ?? NEW);
  const newName = useSignal("");
  const deviceId = useSignal(idOf(`${device.profiles[0]?.id ?? "appareil"}-${device.slave}`));
  const chosen = useSignal<ReadonlySet<string>>(proposedSignals(device.sample));
  const next = useSignal<ConfigAnswer | null>(null);
  const now = useSignal<ConfigAnswer | null>(null);
  const applied = useSignal(false);
  const problem = useSignal("");
  const machineId = useComputed(() => (machine.value === NEW ? idOf(newName.value) : machine.value));
  const fail = (refused: unknown): void => {
    problem.value = refused instanceof Refused ? refused.message || words.peek().link.never : String(refused);
  };
  const compare = async (event: Event): Promise<void> => {
    event.preventDefault();
    problem.value = "";
    const signals = device.sample.map(({ signal }) => signal).filter((name) => chosen.value.has(name));
    const known = machine.value === NEW ? { id: machineId.value, name: newName.value.trim() } : { id: machine.value };
    const edits = editsFor({
      port,
      device,
      profile: device.profiles[0]?.id ?? "",
      deviceId: idOf(deviceId.value),
      signals,
      machine: known,
    });
    try {
      [now.value, next.value] = await Promise.all([get<ConfigAnswer>("/config"), preview(edits)]);
    } catch (refused) {
      fail(refused);
    }
  };
  const apply = async (): Promise<void> => {
    try {
      await put("/config", { text: next.value?.text, revision: now.value?.revision });
      applied.value = true;
    } catch (refused) {
      fail(refused);
    }
  };
  if (applied.value) return <Live machine={machineId.value} signals={[...chosen.value]} device={device} port={port} />;
  return (
    <form class="panel" onSubmit={compare}>
      <h2>{w.describe}</h2>
      <label class="field">
        {w.machine}
        <select
          value={machine.value}
          onChange={(event) => {
            machine.value = event.currentTarget.value;
          }}
        >
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
      {machine.value === NEW && <Field label={w.machineName} value={newName} />}
      <Field label={w.deviceName} value={deviceId} />
      <Signals device={device} chosen={chosen} />
      <button type="submit" class="primary">
        {w.compare}
      </button>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {next.value && now.value && <Comparison before={now.value} after={next.value} apply={apply} />}
    </form>
  );
}

function Signals({ device, chosen }: { device: FoundDevice; chosen: { value: ReadonlySet<string> } }) {
  const w = words.value.commission;
  const toggle = (signal: string): void => {
    const next = new Set(chosen.value);
    if (!next.delete(signal)) next.add(signal);
    chosen.value = next;
  };
  return (
    <fieldset class="signals">
      <legend>{w.signals}</legend>
      {device.sample.map(({ signal, value, unit, title }) => {
        const right = plausible(signal, value, unit);
        return (
          <label key={signal}>
            <input type="checkbox" checked={chosen.value.has(signal)} onChange={() => toggle(signal)} />
            <span>{title ? say(title) : signal}</span>
            <b>{valueShown(value, unit)}</b>
            {right !== undefined && <Mark tone={right ? "ok" : "watch"} size={20} />}
            {right === false && <small>{w.odd}</small>}
          </label>
        );
      })}
    </fieldset>
  );
}

function Comparison({
  before,
  after,
  apply,
}: {
  before: ConfigAnswer;
  after: ConfigAnswer;
  apply: () => Promise<void>;
}) {
  const w = words.value.commission;
  return (
    <>
      <h2>{words.value.config.changes}</h2>
      <pre class="diff">
        {changedLines(before.text, after.text).map(({ sign, line, at }) => (
          <span key={`${sign}${at}`} class={sign === "+" ? "added" : "removed"}>
            {sign} {line}
            {"\n"}
          </span>
        ))}
      </pre>
      {after.problems.length > 0 ? (
        <ul class="rows problem">
          {after.problems.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      ) : (
        <>
          <p class="note">{w.trial}</p>
          <button type="button" class="primary" onClick={() => void apply()}>
            {words.value.config.save}
          </button>
        </>
      )}
    </>
  );
}

/** The first live values, and a sheet to print: what was read, beside what the device's own screen says. */
function Live({
  machine,
  signals,
  device,
  port,
}: {
  machine: string;
  signals: readonly string[];
  device: FoundDevice;
  port: string;
}) {
  const w = words.value.commission;
  const known = machines.value.find(({ id }) => id === machine);
  useEffect(() => scrollTo(0, 0), []);
  return (
    <section class="panel" aria-label={w.live}>
      <h2>{w.live}</h2>
      <p>
        {known ? <a href={`/m/${encodeURIComponent(known.code)}`}>{nameOf(known)}</a> : machine} ·{" "}
        {device.profiles[0]?.vendor} {device.profiles[0]?.model} · {port} · {w.slave(device.slave)}
      </p>
      <div class="sheet">
        <table>
          <thead>
            <tr>
              <th>{words.value.chart.point}</th>
              <th>{w.read}</th>
              <th>{w.reference}</th>
            </tr>
          </thead>
          <tbody>
            {signals.map((signal) => (
              <SheetRow key={signal} id={`${machine}/${signal}`} />
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">{w.sign}</p>
      <button type="button" class="no-print" onClick={() => print()}>
        {words.value.labels.print}
      </button>
    </section>
  );
}

function SheetRow({ id }: { id: string }) {
  const point = livePoint(id);
  const w = words.value;
  return (
    <tr>
      <td>{point ? titleOf(point) : id}</td>
      <td>
        {point && point.value !== null ? (
          <b>{valueShown(point.value, point.unit)}</b>
        ) : (
          <span>{point?.why ? w.fault[point.why] : w.quality.never}</span>
        )}{" "}
        {point && <Ago point={point} />}
      </td>
      <td>
        <input type="text" aria-label={`${w.commission.reference} ${point ? titleOf(point) : id}`} />
      </td>
    </tr>
  );
}
