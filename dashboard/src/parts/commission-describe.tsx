import { type Signal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { LookAnswer, ProfileAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { type Custom, editsFor, type FoundDevice, idOf, proposedSignals, type Row, wireOf } from "../commission.ts";
import { post } from "../http.ts";
import { inWords, type Proposal, proposed, refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Changes } from "./commission-changes.tsx";
import { Decoder } from "./commission-decode.tsx";
import { MachineChoice, useMachineChoice } from "./commission-machine.tsx";
import { Sheet } from "./commission-sheet.tsx";
import { Signals } from "./commission-signals.tsx";
import { Field } from "./field.tsx";
import { Problem } from "./problem.tsx";

/** So often the device is read again while somebody compares with its screen. */
const AGAIN = 4_000;

/** A line that a driver reads already: nobody can ask there by hand, so its device is taken on trust and shows itself when live. */
export interface Line {
  /** The place of its driver in the site file. */
  driver: number;
  rows: readonly Row[];
}

/** Which machine, which signals, under which name; then what that changes in the site file; then live values. */
export function Describe({ port, device, line }: { port: string; device: FoundDevice; line?: Line }) {
  const w = words.value.commission;
  const profile = useSignal(device.profiles[0]?.id ?? "");
  const machine = useMachineChoice();
  const deviceId = useSignal(idOf(`${device.profiles[0]?.id ?? "appareil"}-${device.slave}`));
  const chosen = useSignal<ReadonlySet<string>>(proposedSignals(line?.rows ?? device.sample));
  const titles = useSignal<Readonly<Record<string, string>>>({});
  const custom = useSignal<readonly Custom[]>([]);
  const next = useSignal<Proposal | null>(null);
  const applied = useSignal(false);
  const problem = useSignal("");
  const look = useLook(line ? null : port, device, profile, chosen, next, problem);
  const rows = line ? { value: line.rows } : look;
  const compare = async (event: Event): Promise<void> => {
    event.preventDefault();
    problem.value = "";
    const signals = rows.value.map(({ signal }) => signal).filter((name) => chosen.value.has(name));
    const known = { port, device, deviceId: idOf(deviceId.value), signals, machine: machine.value() };
    const said = {
      ...{ titles: titles.value, custom: custom.value },
      ...(profile.value && { profile: profile.value }),
      ...(line && { line: line.driver }),
    };
    await proposed(editsFor({ ...known, ...said })).then(
      (found) => {
        next.value = found;
      },
      (refused) => {
        problem.value = refusedBecause(refused);
      },
    );
  };
  if (applied.value) {
    const read = rows.value.filter(({ signal }) => chosen.value.has(signal));
    const written = custom.value.map((one): Row => ({ ...one, value: null, title: { fr: one.title, en: one.title } }));
    return (
      <Sheet
        machine={machine.value().id}
        rows={[...read, ...written]}
        titles={titles.value}
        where={[device.profiles[0]?.vendor, device.profiles[0]?.model, port, w.slave(device.slave)]
          .filter(Boolean)
          .join(" · ")}
        saved={next.value?.after.text}
      />
    );
  }
  return (
    <form class="panel" onSubmit={compare}>
      <h2>{w.describe}</h2>
      <MachineChoice choice={machine} />
      <Field label={w.deviceName} value={deviceId} />
      {!line && <ProfileChoice device={device} profile={profile} />}
      {profile.value !== "" && <Signals rows={rows.value} chosen={chosen} titles={titles} />}
      {!line && <Decoder wire={wireOf(port, device)} custom={custom} open={profile.value === ""} />}
      {(chosen.value.size > 0 || custom.value.length > 0) && (
        <button type="submit" class="primary">
          {w.compare}
        </button>
      )}
      <Problem said={problem.value} />
      {next.value && <Changes proposal={next.value} done={() => (applied.value = true)} />}
    </form>
  );
}

/** Everything that the profile knows of the device, read again every few seconds until the changes are on the table. */
function useLook(
  port: string | null,
  device: FoundDevice,
  profile: Signal<string>,
  chosen: Signal<ReadonlySet<string>>,
  next: Signal<Proposal | null>,
  problem: Signal<string>,
) {
  const look = useSignal<readonly LookAnswer[] | null>(null);
  useEffect(() => {
    look.value = null;
    const untouched = chosen.peek();
    if (profile.value === "" || port === null) return;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      try {
        // Its wire may be the driver's from the moment of saving on.
        if (next.peek() === null) {
          const said = await post<LookAnswer[]>(inWords("/look"), { ...wireOf(port, device), profile: profile.value });
          if (stopped) return;
          // The scan has seen a few signals only; nobody has chosen yet, so the usual ones of all are proposed.
          if (look.peek() === null && chosen.peek() === untouched) chosen.value = proposedSignals(said);
          look.value = said;
          problem.value = "";
        }
      } catch (refused) {
        problem.value = refusedBecause(refused);
      }
      if (!stopped) timer = setTimeout(() => void ask(), AGAIN);
    };
    void ask();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [profile.value]);
  return useComputed((): readonly Row[] => look.value ?? device.sample);
}

/** Sisters of one family share a map, and only a person sees what is printed on the device: every model can be chosen. */
function ProfileChoice({ device, profile }: { device: FoundDevice; profile: Signal<string> }) {
  const w = words.value.commission;
  const known = new Set(device.profiles.map(({ id }) => id));
  const all = useAsked<ProfileAnswer[]>("/profiles").value.answer ?? [];
  const others = all
    .filter(({ id }) => !known.has(id))
    .sort((a, b) => `${a.vendor} ${a.model}`.localeCompare(`${b.vendor} ${b.model}`));
  return (
    <label class="field">
      {words.value.bus.about.model}
      <select value={profile.value} onChange={(event) => (profile.value = event.currentTarget.value)}>
        {[...device.profiles, ...others].map(({ id, vendor, model }) => (
          <option key={id} value={id}>
            {vendor} {model}
          </option>
        ))}
        <option value="">{w.noProfile}</option>
      </select>
    </label>
  );
}
