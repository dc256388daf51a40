/** `lateness.ts EVERY_MS SECONDS`: how steady a loop of this machine is that does nothing else: p50 and p99 of |period - EVERY|, as JSON. */
const [every = 100, seconds = 10] = process.argv.slice(2).map(Number);
const wrong: number[] = [];
const start = performance.now();
let last = start;
for (let beat = 1; beat <= (1_000 * seconds) / every; beat++) {
  await new Promise((resolve) => setTimeout(resolve, start + beat * every - performance.now()));
  const now = performance.now();
  wrong.push(Math.abs(now - last - every));
  last = now;
}
wrong.sort((a, b) => a - b);
const at = (share: number) => Math.round(10 * (wrong[Math.floor(share * wrong.length)] ?? 0)) / 10;
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99) }));
