import { signal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { alarms, gateway, link } from "../live.ts";
import { isOpen } from "../status.ts";
import { words } from "../words/index.ts";
import { Icon } from "./icon.tsx";
import { wallFit } from "./wall-fit.ts";

/** Browsers let a page make sound only after somebody touched it once; the button is that touch. */
const sound = signal<AudioContext | null>(null);

export function SoundButton() {
  const w = words.value.workshop;
  useSignalEffect(() => {
    const loud = alarms.value
      .filter((alarm) => isOpen(alarm) && alarm.level === "alert")
      .map(({ id, occurrence }) => `${id}/${occurrence}`);
    if (sound.value && link.value === "live") ringForNew(sound.value, loud);
  });
  const on = sound.value !== null;
  return (
    <button type="button" class="quiet" aria-pressed={on} onClick={toggle}>
      <Icon name={on ? "sound" : "mute"} />
      {on ? w.soundOff : w.soundOn}
    </button>
  );
}

function toggle(): void {
  const open = sound.peek();
  if (open) {
    void open.close();
    sound.value = null;
    return;
  }
  rung = new Set();
  sound.value = new AudioContext();
  bell(sound.value, 0);
}

let rung = new Set<string>();

/** Each occurrence rings once; an acknowledged alarm that returns to normal is silent. */
function ringForNew(context: AudioContext, loud: readonly string[]): void {
  if (loud.some((key) => !rung.has(key))) for (const at of [0, 0.5, 1]) bell(context, at);
  rung = new Set(loud);
}

/** Two soft tones: heard over a lathe, not feared. */
function bell(context: AudioContext, at: number): void {
  for (const [pitch, after] of [
    [880, 0],
    [659, 0.18],
  ] as const) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const start = context.currentTime + at + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.4);
  }
}

/** Keeps a wall screen awake; asked again each time the page becomes visible, because hiding it drops the lock. */
export function WakeLock() {
  useEffect(() => {
    let held: WakeLockSentinel | undefined;
    const hold = async (): Promise<void> => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
      held = await navigator.wakeLock.request("screen").catch(() => undefined);
    };
    void hold();
    document.addEventListener("visibilitychange", hold);
    return () => {
      document.removeEventListener("visibilitychange", hold);
      void held?.release();
    };
  }, []);
  return null;
}

/** Fits the tiles to the screen for as long as the wall board is shown. */
export function WallFit({ tiles }: { tiles: number }) {
  useEffect(() => {
    const root = document.documentElement;
    const refit = (): void => {
      const { columns, size } = wallFit(tiles, innerWidth, innerHeight, document.querySelector(".banner") !== null);
      root.style.setProperty("--wall-columns", String(columns));
      root.style.fontSize = `${size}px`;
    };
    refit();
    addEventListener("resize", refit);
    return () => {
      removeEventListener("resize", refit);
      root.style.fontSize = "";
    };
    // Both bring and take away the banner.
  }, [tiles, link.value, gateway.value]);
  return null;
}
