import { expect, test } from "vitest";
import { Ration } from "../../gateway/ration.ts";

/** An hour of lines in steps of 100 ms, looked at every second as the log does. */
function hour(lines: (step: number) => readonly string[]): string[] {
  const written: string[] = [];
  const ration = new Ration<{ msg: string; level: number }>(({ msg }) => void written.push(msg));
  for (let step = 0; step < 36_000; step++) {
    for (const msg of lines(step)) ration.take({ msg, level: 40 }, step * 100);
    if (step % 10 === 0) ration.look(step * 100);
  }
  return written;
}

test("a device that comes and goes ten times a second writes 60 lines and then one in ten seconds, and how it ended", () => {
  const flap = (step: number) => `ligne-1: tcp://10.0.0.7:502 ${step % 2 ? "is open" : "has gone"}`;
  const written = hour((step) => (step < 20_001 ? [flap(step)] : []));
  expect(written.length).toBeGreaterThan(200);
  expect(written.length).toBeLessThanOrEqual(60 + 210);
  expect(written.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, step) => flap(step)));
  expect(written.at(-1)).toMatch(/^ligne-1: tcp:.*has gone \[×\d+\]$/);
  const kept = written.map((line) => Number(/\[×(\d+)\]$/.exec(line)?.[1] ?? 1));
  expect(kept.reduce((sum, count) => sum + count)).toBe(20_001);
});

test("what others have to say stands there at once, in the middle of that", () => {
  const others = (step: number) => (step % 600 === 599 ? [`presse-${step}: silent`] : []);
  const written = hour((step) => ["ligne-1: gone", ...others(step)]);
  expect(written.filter((line) => line.startsWith("presse-"))).toHaveLength(60);
  const all = written.indexOf("presse-599: silent");
  expect(written.slice(0, all).filter((line) => line.startsWith("ligne-1")).length).toBeLessThan(70);
});

test("however many talk, the log stays within 10 MB a day", () => {
  const written = hour((step) =>
    Array.from({ length: 5 }, (_, i) => `device-${(step * 5 + i) % 400}: ${"x".repeat(150)}`),
  );
  expect(written.length).toBeLessThanOrEqual(1_000 + 1_800);
  expect(written.length).toBeGreaterThan(2_000);
});
