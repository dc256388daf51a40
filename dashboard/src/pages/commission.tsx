import { type Signal, useSignal } from "@preact/signals";
import type { PortAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import type { FoundDevice } from "../commission.ts";
import { Describe } from "../parts/commission-describe.tsx";
import { type Joining, JoinLine } from "../parts/commission-line.tsx";
import { DescribeNode, type NewNode, NewNodes, NodePort } from "../parts/commission-node.tsx";
import { Scanner } from "../parts/commission-scan.tsx";
import { Field } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { inWords } from "../proposal.ts";
import { words } from "../words/index.ts";

/** Where somebody is between the plug and the live value. */
type Step =
  | { at: "ports" }
  | { at: "scan"; port: string }
  | { at: "device"; port: string; device: FoundDevice }
  | { at: "line"; joining: Joining }
  | { at: "node"; node: NewNode }
  | { at: "node-port"; port: string };

/** From the plug to the live value: adapter, scan, recognised device, machine and names, comparison of the site file, run. */
export default function Commission() {
  const w = words.value.commission;
  const step = useSignal<Step>({ at: "ports" });
  const again = (): void => {
    step.value = { at: "ports" };
  };
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        {step.value.at !== "ports" && (
          <button type="button" class="no-print" onClick={again}>
            {w.again}
          </button>
        )}
      </PageHead>
      <Now step={step} again={again} />
    </section>
  );
}

function Now({ step, again }: { step: Signal<Step>; again: () => void }) {
  const now = step.value;
  switch (now.at) {
    case "ports":
      return (
        <>
          <NewNodes choose={(node) => (step.value = { at: "node", node })} />
          <Ports
            choose={(port) => (step.value = { at: "scan", port })}
            chooseNode={(port) => (step.value = { at: "node-port", port })}
          />
          <JoinLine choose={(joining) => (step.value = { at: "line", joining })} />
        </>
      );
    case "scan":
      return <Scanner port={now.port} choose={(device) => (step.value = { at: "device", port: now.port, device })} />;
    case "device":
      return <Describe port={now.port} device={now.device} />;
    case "line":
      return <Describe {...now.joining} />;
    case "node":
      return <DescribeNode node={now.node} />;
    case "node-port":
      return <NodePort port={now.port} done={again} />;
  }
}

/** Adapters as they are plugged: the list looks again every two seconds, and what has just come is marked. */
function Ports({ choose, chooseNode }: { choose: (path: string) => void; chooseNode: (path: string) => void }) {
  const w = words.value.commission;
  const before = useSignal<readonly string[] | null>(null);
  const address = useSignal("rtu+tcp://");
  const ports = useAsked<PortAnswer[]>(inWords("/ports"), 2_000).value.answer;
  if (ports && before.value === null) before.value = ports.map(({ path }) => path);
  return (
    <>
      <section class="panel" aria-label={w.adapters}>
        <h2>{w.adapters}</h2>
        <p>{w.plug}</p>
        {ports?.length === 0 && <p class="note">{w.noPort}</p>}
        <ul class="rows">
          {ports?.map((port) => (
            <PortRow
              key={port.path}
              port={port}
              isNew={before.value?.includes(port.path) === false}
              choose={choose}
              chooseNode={chooseNode}
            />
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
  chooseNode,
}: {
  port: PortAnswer;
  isNew: boolean;
  choose: (path: string) => void;
  chooseNode: (path: string) => void;
}) {
  const w = words.value.commission;
  const busy = inUseBy.length > 0;
  return (
    <li>
      <Mark tone={busy ? "silent" : unstable ? "watch" : "ok"} />
      <span>
        <b>{path}</b> {isNew && <em>{w.justPlugged}</em>}
        {name !== path && <small>{name}</small>}
        {busy && <small>{w.inUse(inUseBy.join(", "))}</small>}
        {unstable && <small>{w.unstable}</small>}
      </span>
      <button type="button" class={isNew ? "primary" : ""} disabled={busy} onClick={() => choose(path)}>
        <Icon name="bus" size={20} />
        {w.scan}
      </button>
      <button type="button" class="quiet" disabled={busy} onClick={() => chooseNode(path)}>
        {w.isNode}
      </button>
    </li>
  );
}
