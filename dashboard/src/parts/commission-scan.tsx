import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ScanLine, ScanRequest } from "../../../gateway/core/api.ts";
import { type FoundDevice, numberOf, withModel } from "../commission.ts";
import { valueShown } from "../format.ts";
import { askLines, Refused } from "../http.ts";
import { inWords } from "../proposal.ts";
import { say, words } from "../words/index.ts";
import { Mark } from "./mark.tsx";

type Progress = Extract<ScanLine, { kind: "progress" }>;

const SHOWN = 6;

/** Asks the whole wire, shows how far it is, and lists what answers as soon as it does. Leaving the page ends it. */
export function Scanner({ port, choose }: { port: string; choose: (device: FoundDevice) => void }) {
  const w = words.value.commission;
  const progress = useSignal<Progress | null>(null);
  const found = useSignal<readonly FoundDevice[]>([]);
  const ended = useSignal<string | null>(null);
  const narrow = useSignal<Narrow>({});
  useEffect(() => {
    const stop = new AbortController();
    ended.value = null;
    progress.value = null;
    const run = async (): Promise<void> => {
      for await (const line of askLines<ScanLine>(inWords("/scan"), { port, ...narrow.value }, stop.signal)) {
        if (line.kind === "progress") progress.value = line;
        else if (line.kind === "found")
          found.value = [...found.value.filter((one) => keyOf(one) !== keyOf(line)), line];
        else if (line.kind === "failed") ended.value = line.message;
      }
      ended.value ??= words.peek().commission.finished(found.value.length);
    };
    run().catch((problem) => {
      if (!stop.signal.aborted)
        ended.value = problem instanceof Refused ? problem.message || words.peek().link.never : String(problem);
    });
    return () => stop.abort();
  }, [port, narrow.value]);
  return (
    <section class="panel" aria-label={w.searching(port)}>
      <h2>{w.searching(port)}</h2>
      {ended.value === null ? (
        <>
          <progress aria-label={w.searching(port)} max={progress.value?.of ?? 1} value={progress.value?.asked ?? 0} />
          <p class="note">{progress.value ? askingShown(progress.value, port) : words.value.app.loading}</p>
        </>
      ) : (
        <p role="status">{ended.value}</p>
      )}
      <ul class="devices">
        {found.value.map((device) => (
          <Found key={keyOf(device)} device={device} choose={choose} />
        ))}
      </ul>
      <NarrowForm port={port} narrow={narrow} />
    </section>
  );
}

/** On a network there is no baud rate to try. */
function askingShown({ slave, baud, parity }: Progress, port: string): string {
  const w = words.value.commission;
  if (!port.startsWith("/")) return w.askingSlave(slave);
  return w.asking(slave, baud, w.parities[parity as keyof typeof w.parities] ?? "");
}

type Narrow = Pick<ScanRequest, "bauds" | "slaves">;

const keyOf = ({ slave, baud, parity }: FoundDevice): string => `${slave}/${baud}/${parity}`;

const BAUDS = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200];

/** Who knows the address or the baud rate does not wait for the others. */
function NarrowForm({ port, narrow }: { port: string; narrow: Signal<Narrow> }) {
  const w = words.value.commission;
  const [slave, baud] = [useSignal(""), useSignal("")];
  const search = (event: Event): void => {
    event.preventDefault();
    const [id, speed] = [numberOf(slave.value), numberOf(baud.value)];
    narrow.value = { ...(id !== undefined && { slaves: [id] }), ...(speed !== undefined && { bauds: [speed] }) };
  };
  return (
    <details class="narrow">
      <summary>{w.narrow}</summary>
      <form class="decoder-asks" onSubmit={search}>
        <label class="field">
          {w.slaveAddress}
          <input
            type="text"
            inputMode="numeric"
            size={5}
            pattern="[0-9]*"
            value={slave.value}
            onInput={(event) => (slave.value = event.currentTarget.value)}
          />
        </label>
        {port.startsWith("/") && (
          <label class="field">
            {w.baud}
            <select value={baud.value} onChange={(event) => (baud.value = event.currentTarget.value)}>
              <option value="">{w.anyBaud}</option>
              {BAUDS.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="submit">{w.scan}</button>
      </form>
    </details>
  );
}

function Found({ device, choose }: { device: FoundDevice; choose: (device: FoundDevice) => void }) {
  const w = words.value.commission;
  const { profiles, slave, sample } = device;
  const [best, ...others] = profiles;
  return (
    <li class={`device tone-${profiles.length === 1 ? "ok" : "watch"}`}>
      <header>
        <Mark tone={profiles.length === 1 ? "ok" : "watch"} />
        <h3>{!best ? w.unknownDevice : others.length > 0 ? w.oneOf : modelOf(best)}</h3>
        <span>{w.slave(slave)}</span>
      </header>
      <dl>
        {sample.slice(0, SHOWN).map(({ signal, value, unit, title }) => (
          <div key={signal}>
            <dt>{title ? say(title) : signal}</dt>
            <dd>{valueShown(value, unit)}</dd>
          </div>
        ))}
      </dl>
      {others.length > 0 ? (
        <Models device={device} choose={choose} />
      ) : (
        <button type="button" class={best ? "primary" : ""} onClick={() => choose(device)}>
          {best ? w.use : w.useUnknown}
        </button>
      )}
    </li>
  );
}

type Model = FoundDevice["profiles"][number];
const modelOf = ({ vendor, model }: Model): string => `${vendor} ${model}`;

/** Nobody can tell these apart by reading, so a person with the nameplate before them does; it may be none of them. */
function Models({ device, choose }: { device: FoundDevice; choose: (device: FoundDevice) => void }) {
  const w = words.value.commission;
  return (
    <>
      <p class="note">{w.oneOfHow}</p>
      <ul class="models">
        {device.profiles.map((model) => (
          <li key={model.id}>
            <button type="button" onClick={() => choose(withModel(device, model.id))}>
              {modelOf(model)}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => choose({ ...device, profiles: [] })}>
        {w.useUnknown}
      </button>
    </>
  );
}
