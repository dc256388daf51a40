import { type Signal, useSignal } from "@preact/signals";
import type { DecodeAnswer, WireRequest } from "../../../gateway/core/api.ts";
import { type Custom, idOf, numberOf } from "../commission.ts";
import { numberShown } from "../format.ts";
import { post } from "../http.ts";
import { inWords, refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Mark } from "./mark.tsx";
import { Problem } from "./problem.tsx";

interface Props {
  wire: WireRequest;
  custom: Signal<readonly Custom[]>;
  open: boolean;
}

/** What does its own screen show? Reads registers and ranks the ways in which they could mean that number. */
export function Decoder({ wire, custom, open }: Props) {
  const w = words.value.commission;
  const table = useSignal<Custom["table"]>("holding");
  const [at, count, screen] = [useSignal("0"), useSignal("8"), useSignal("")];
  const found = useSignal<readonly DecodeAnswer[] | null>(null);
  const problem = useSignal("");
  const look = async (): Promise<void> => {
    const [from, many, expect] = [at, count, screen].map(({ value }) => numberOf(value));
    const asked = { ...wire, table: table.value, at: from ?? 0, count: many ?? 8 };
    try {
      found.value = await post<DecodeAnswer[]>(inWords("/decode"), {
        ...asked,
        ...(expect !== undefined && { expect }),
      });
      problem.value = "";
    } catch (refused) {
      problem.value = refusedBecause(refused);
    }
  };
  return (
    <details class="decoder" open={open}>
      <summary>{w.decode}</summary>
      <p class="note">{w.decodeHow}</p>
      <div class="decoder-asks">
        <label class="field">
          {w.table}
          <select
            value={table.value}
            onChange={(event) => (table.value = event.currentTarget.value === "input" ? "input" : "holding")}
          >
            <option value="holding">{w.tables.holding}</option>
            <option value="input">{w.tables.input}</option>
          </select>
        </label>
        <Small label={w.register} value={at} />
        <Small label={w.count} value={count} />
        <Small label={w.screen} value={screen} />
        <button type="button" onClick={() => void look()}>
          {w.decodeNow}
        </button>
      </div>
      <Problem said={problem.value} />
      {found.value && (
        <p role="status">{found.value.some(({ likely }) => likely) ? w.likely : screen.value ? w.unlikely : ""}</p>
      )}
      <ul class="rows">
        {found.value?.map((one) => (
          <Way
            key={`${one.at} ${one.type} ${one.order} ${one.scale}`}
            way={one}
            take={(title, unit) => {
              const { at, type, order, scale } = one;
              const said = { signal: idOf(title), title, unit, table: table.value, at, type, order, scale };
              custom.value = [...custom.value.filter(({ signal }) => signal !== said.signal), said];
            }}
          />
        ))}
      </ul>
      <Taken custom={custom} />
    </details>
  );
}

/** What has been given a name, and can be left out again. */
function Taken({ custom }: { custom: Signal<readonly Custom[]> }) {
  return (
    <>
      {custom.value.map(({ signal, title, unit, table, at, type, order, scale }) => (
        <p key={signal}>
          <Mark tone="ok" size={20} /> <b>{title}</b> {unit} · {table} {at} · {type} {order} × {scale}{" "}
          <button
            type="button"
            class="quiet"
            onClick={() => (custom.value = custom.value.filter((one) => one.signal !== signal))}
          >
            {words.value.commission.leaveOut}
          </button>
        </p>
      ))}
    </>
  );
}

const Small = ({ label, value }: { label: string; value: Signal<string> }) => (
  <label class="field">
    {label}
    <input
      type="text"
      inputMode="decimal"
      size={7}
      value={value.value}
      onInput={(event) => (value.value = event.currentTarget.value)}
    />
  </label>
);

/** One way to read the registers; it becomes a measurement when it gets a name. */
function Way({ way, take }: { way: DecodeAnswer; take: (title: string, unit: string) => void }) {
  const w = words.value.commission;
  const [naming, name, unit] = [useSignal(false), useSignal(""), useSignal("")];
  return (
    <li>
      <Mark tone={way.likely ? "ok" : "silent"} size={20} />
      <span>
        <b>{numberShown(way.value, "")}</b>{" "}
        <small>
          {w.register} {way.at} · {way.type} {way.order} × {way.scale}
        </small>
      </span>
      {naming.value ? (
        <>
          <Small label={w.measureName} value={name} />
          <Small label={w.unit} value={unit} />
          <button
            type="button"
            class="primary"
            disabled={idOf(name.value) === ""}
            onClick={() => {
              take(name.value.trim(), unit.value.trim() || "1");
              naming.value = false;
            }}
          >
            {w.take}
          </button>
        </>
      ) : (
        <button type="button" onClick={() => (naming.value = true)}>
          {w.take}
        </button>
      )}
    </li>
  );
}
