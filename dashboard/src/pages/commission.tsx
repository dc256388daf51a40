import { useSignal } from "@preact/signals";
import type { PortAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import type { FoundDevice } from "../commission.ts";
import { Describe } from "../parts/commission-describe.tsx";
import { Scanner } from "../parts/commission-scan.tsx";
import { Field } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { words } from "../words/index.ts";

/** From the plug to the live value: adapter, scan, recognised device, machine and names, comparison of the site file, run. */
export default function Commission() {
  const w = words.value.commission;
  const port = useSignal<string | null>(null);
  const device = useSignal<FoundDevice | null>(null);
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        {port.value && (
          <button
            type="button"
            class="no-print"
            onClick={() => {
              port.value = null;
              device.value = null;
            }}
          >
            {w.again}
          </button>
        )}
      </PageHead>
      {port.value === null ? (
        <Ports choose={(path) => (port.value = path)} />
      ) : device.value === null ? (
        <Scanner port={port.value} choose={(found) => (device.value = found)} />
      ) : (
        <Describe port={port.value} device={device.value} />
      )}
    </section>
  );
}

/** Adapters as they are plugged: the list looks again every two seconds, and what has just come is marked. */
function Ports({ choose }: { choose: (path: string) => void }) {
  const w = words.value.commission;
  const before = useSignal<readonly string[] | null>(null);
  const address = useSignal("rtu+tcp://");
  const ports = useAsked<PortAnswer[]>("/ports", 2_000).value.answer;
  if (ports && before.value === null) before.value = ports.map(({ path }) => path);
  return (
    <>
      <section class="panel" aria-label={w.adapters}>
        <h2>{w.adapters}</h2>
        <p>{w.plug}</p>
        {ports?.length === 0 && <p class="note">{w.noPort}</p>}
        <ul class="rows">
          {ports?.map((port) => (
            <PortRow key={port.path} port={port} isNew={before.value?.includes(port.path) === false} choose={choose} />
          ))}
        </ul>
      </section>
      <section class="panel" aria-label={w.network}>
        <h2>{w.network}</h2>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            choose(address.value.trim());
          }}
        >
          <Field label={w.address} value={address} />
          <p class="note">{w.addressHow}</p>
          <button type="submit">{w.scan}</button>
        </form>
      </section>
    </>
  );
}

function PortRow({
  port: { path, name, inUseBy, unstable },
  isNew,
  choose,
}: {
  port: PortAnswer;
  isNew: boolean;
  choose: (path: string) => void;
}) {
  const w = words.value.commission;
  const busy = inUseBy.length > 0;
  return (
    <li>
      <Mark tone={busy ? "silent" : unstable ? "watch" : "ok"} />
      <span>
        <b>{path}</b> {isNew && <em>{w.justPlugged}</em>}
        <small>{name}</small>
        {busy && <small>{w.inUse(inUseBy.join(", "))}</small>}
        {unstable && <small>{w.unstable}</small>}
      </span>
      <button type="button" class={isNew ? "primary" : ""} disabled={busy} onClick={() => choose(path)}>
        <Icon name="bus" size={20} />
        {w.scan}
      </button>
    </li>
  );
}
