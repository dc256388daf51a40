import { Chance, Lag, Wear } from "../physics.ts";

const LOAD_BELOW = 6.6;
const UNLOAD_ABOVE = 7.9;
/** Shaft turns per second, and how often a ball meets a mark on the outer race of a 6205 at that speed. */
const SHAFT = 24.2;
const OUTER_RACE = 3.585 * SHAFT;
/** How the housing rings after a knock. */
const RING_HZ = 2_150;
const RING_DECAY = 1_400;

/** An air compressor with a microcontroller node glued to its motor: its outer race wears in minutes instead of months. */
export class Compressor {
  readonly #chance = new Chance(53);
  readonly #bearing = new Wear(50, 540, 2);
  readonly #current = new Lag(7, 0.6);
  readonly #oil = new Lag(71, 80);
  #loading = true;
  pressure = 7.2;
  current = 7;
  oil = 71;
  velocity = 1.4;
  speed = 60 * SHAFT;

  step(dt: number): void {
    if (this.pressure < LOAD_BELOW) this.#loading = true;
    if (this.pressure > UNLOAD_ABOVE) this.#loading = false;
    this.pressure += dt * ((this.#loading ? 0.11 : 0) - 0.05) + 0.004 * this.#chance.gauss();
    this.current = this.#current.step(dt, this.#loading ? 18.4 : 7.1) + 0.12 * this.#chance.gauss();
    this.oil = this.#oil.step(dt, 71 + 6 * this.#bearing.step(dt)) + 0.03 * this.#chance.gauss();
    this.speed = 60 * SHAFT + 0.6 * this.#chance.gauss();
    this.velocity = (1.4 + 1.2 * this.#bearing.level) * (1 + 0.04 * this.#chance.gauss());
  }

  /** Acceleration in g: imbalance, hum, and a ringing knock each time a ball passes the mark. */
  burst(rate: number, count: number): Float32Array {
    const samples = new Float32Array(count);
    const knock = 0.02 + 1.6 * this.#bearing.level;
    let next = this.#chance.next() / OUTER_RACE;
    let since = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const t = i / rate;
      if (t >= next) {
        since = t;
        next += (1 + 0.01 * this.#chance.gauss()) / OUTER_RACE;
      }
      const ring = Number.isFinite(since)
        ? knock * Math.exp(-RING_DECAY * (t - since)) * Math.sin(2 * Math.PI * RING_HZ * (t - since))
        : 0;
      samples[i] =
        0.028 * Math.sin(2 * Math.PI * SHAFT * t) +
        0.03 * Math.sin(2 * Math.PI * 100 * t) +
        0.03 * this.#chance.gauss() +
        ring;
    }
    return samples;
  }
}
