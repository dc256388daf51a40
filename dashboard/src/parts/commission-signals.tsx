import type { Signal } from "@preact/signals";
import { plausible, powerCheck, type Row } from "../commission.ts";
import { valueShown } from "../format.ts";
import { say, words } from "../words/index.ts";
import { Mark } from "./mark.tsx";

interface Props {
  rows: readonly Row[];
  chosen: Signal<ReadonlySet<string>>;
  titles: Signal<Readonly<Record<string, string>>>;
}

export const rowTitle = ({ signal, title }: Row): string => (title ? say(title) : signal.replaceAll(/[_-]+/g, " "));

/** Everything that the device says: to be compared with its own screen, chosen, and named. */
export function Signals({ rows, chosen, titles }: Props) {
  const w = words.value.commission;
  const power = powerCheck(rows);
  return (
    <fieldset class="signals">
      <legend>{w.signals}</legend>
      {rows.map((row) => (
        <SignalRow key={row.signal} row={row} chosen={chosen} titles={titles} />
      ))}
      {power && (
        <p class="note">
          <Mark tone={power.fits ? "ok" : "watch"} size={20} />{" "}
          {w.power(valueShown(power.computed, "W"), valueShown(power.said, "W"))} {!power.fits && w.powerOdd}
        </p>
      )}
    </fieldset>
  );
}

function SignalRow({ row, chosen, titles }: { row: Row } & Pick<Props, "chosen" | "titles">) {
  const w = words.value.commission;
  const { signal, value, unit, expect, why } = row;
  const wanted = chosen.value.has(signal);
  const right = value === null ? undefined : plausible(signal, value, unit, expect);
  const toggle = (): void => {
    const next = new Set(chosen.value);
    if (!next.delete(signal)) next.add(signal);
    chosen.value = next;
  };
  return (
    <div class="signal">
      <label>
        <input type="checkbox" checked={wanted} onChange={toggle} />
        <span>{rowTitle(row)}</span>
        <b>{value === null ? (why ? words.value.fault[why] : "…") : valueShown(value, unit)}</b>
        {right !== undefined && <Mark tone={right ? "ok" : "watch"} size={20} />}
      </label>
      {right === false && (
        <small>
          {w.odd}
          {expect && ` ${w.usually(valueShown(expect[0], unit), valueShown(expect[1], unit))}`}
        </small>
      )}
      {wanted && (
        <input
          type="text"
          class="signal-name"
          maxLength={60}
          placeholder={w.ownName}
          aria-label={`${w.ownName} ${rowTitle(row)}`}
          value={titles.value[signal] ?? ""}
          onInput={(event) => {
            titles.value = { ...titles.value, [signal]: event.currentTarget.value.trim() };
          }}
        />
      )}
    </div>
  );
}
