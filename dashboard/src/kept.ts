import { effect, type Signal, signal } from "@preact/signals";

/** A small choice that this device remembers. Where storage is refused (private windows) it lasts as long as the page. */
export function kept<T>(name: string, otherwise: T, parse: (value: unknown) => T): Signal<T> {
  const key = `vigie.${name}`;
  const choice = signal(parse(read(key) ?? otherwise));
  effect(() => write(key, choice.value));
  return choice;
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage full or refused: the choice still holds while the page is open.
  }
}
