import { useSignal } from "@preact/signals";
import type { MqttClientAnswer, MqttClientMade } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { post, remove } from "../http.ts";
import { refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Field } from "./field.tsx";
import { Mark } from "./mark.tsx";
import { Problem } from "./problem.tsx";

const kinds = ["reader", "operator", "edge", "device"] as const;

/** Who may speak to the embedded broker, and who does. Shown only where there is one. */
export function MqttClients() {
  const w = words.value.system;
  const clients = useAsked<MqttClientAnswer[]>("/mqtt/clients", 5_000).value.answer;
  const problem = useSignal("");
  if (clients === null) return null;
  const revoke = (name: string): void => {
    if (!confirm(w.mqttRevokeSure(name))) return;
    remove(`/mqtt/clients/${encodeURIComponent(name)}`).then(
      () => (problem.value = ""),
      (refused) => (problem.value = refusedBecause(refused)),
    );
  };
  return (
    <section class="panel" aria-label={w.mqtt}>
      <h2>{w.mqtt}</h2>
      {clients.length === 0 && <p class="note">{w.mqttNone}</p>}
      <ul class="rows">
        {clients.map(({ name, connected, publish, subscribe }) => (
          <li key={name}>
            <Mark tone={connected.length > 0 ? "ok" : "silent"} />
            <span>
              <b>{name}</b>{" "}
              {connected.length > 0 ? w.mqttConnected(connected.map(({ address }) => address).join(", ")) : w.mqttAway}
              <small>{w.mqttMay(publish.join(", ") || "–", subscribe.join(", ") || "–")}</small>
            </span>
            <button type="button" onClick={() => revoke(name)}>
              {w.mqttRevoke}
            </button>
          </li>
        ))}
      </ul>
      <NewClient />
      <Problem said={problem.value} />
    </section>
  );
}

function NewClient() {
  const w = words.value.system;
  const name = useSignal("");
  const kind = useSignal<(typeof kinds)[number]>("reader");
  const [made, problem] = [useSignal<MqttClientMade | null>(null), useSignal("")];
  const create = (event: Event): void => {
    event.preventDefault();
    post<MqttClientMade>("/mqtt/clients", { name: name.value.trim(), kind: kind.value }).then(
      (answer) => {
        made.value = answer;
        name.value = "";
        problem.value = "";
      },
      (refused) => {
        problem.value = refusedBecause(refused);
      },
    );
  };
  return (
    <form class="decoder-asks" onSubmit={create}>
      <Field label={w.mqttName} value={name} />
      <label class="field">
        {w.mqttKind}
        <select
          value={kind.value}
          onChange={({ currentTarget }) => {
            kind.value = kinds.find((one) => one === currentTarget.value) ?? "reader";
          }}
        >
          {kinds.map((one) => (
            <option key={one} value={one}>
              {w.mqttKinds[one]}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">{w.mqttCreate}</button>
      {made.value && <output class="link-once">{w.mqttPassword(made.value.name, made.value.password)}</output>}
      <Problem said={problem.value} />
    </form>
  );
}
