import type { Signal } from "@preact/signals";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  value: Signal<string>;
  type?: "text" | "password";
  autocomplete?: "username" | "current-password" | "new-password" | "one-time-code" | "off";
}

export function Field({ label, value, type = "text", autocomplete = "off" }: FieldProps) {
  const id = useId();
  const shared = {
    id,
    autocomplete,
    required: true,
    value: value.value,
    onInput: (event: { currentTarget: HTMLInputElement }) => {
      value.value = event.currentTarget.value;
    },
  };
  return (
    <label class="field" for={id}>
      {label}
      {type === "password" ? <input type="password" {...shared} /> : <input type="text" {...shared} />}
    </label>
  );
}
