/** Pieces that machines are made of. All of it is seeded and advances by `step(seconds)`, so a run can be repeated. */

/** A random source with a seed (mulberry32): `next()` in [0, 1), `gauss()` with mean 0 and deviation 1. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  gauss(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** Follows a target with a time constant: a mass that warms up, a motor that spins up. */
export class Lag {
  value: number;
  readonly #seconds: number;

  constructor(value: number, seconds: number) {
    this.value = value;
    this.#seconds = seconds;
  }

  step(dt: number, target: number): number {
    this.value += (target - this.value) * (1 - Math.exp(-dt / this.#seconds));
    return this.value;
  }
}

/** A machine's program: phases that follow each other for ever, each with its length in seconds, ±15 % each time. */
export class Program<Phase extends string> {
  phase: Phase;
  #index = 0;
  #left: number;
  readonly #phases: readonly (readonly [Phase, number])[];
  readonly #chance: Chance;

  constructor(chance: Chance, phases: readonly [readonly [Phase, number], ...(readonly [Phase, number])[]]) {
    this.#chance = chance;
    this.#phases = phases;
    [this.phase, this.#left] = phases[0];
  }

  step(dt: number): Phase {
    this.#left -= dt;
    if (this.#left <= 0) {
      this.#index = (this.#index + 1) % this.#phases.length;
      const next = this.#phases[this.#index];
      if (next) [this.phase, this.#left] = [next[0], next[1] * (0.85 + 0.3 * this.#chance.next())];
    }
    return this.phase;
  }
}

/**
 * Wear that starts after a quiet time, grows to 1 and beyond, and is repaired: 0 while healthy, 1 at the limit.
 * `shape` 1 is a straight line (a clogging filter), 2 accelerates (a bearing).
 */
export class Wear {
  level = 0;
  #age = 0;
  readonly #quiet: number;
  readonly #life: number;
  readonly #shape: number;

  constructor(quietSeconds: number, lifeSeconds: number, shape: number) {
    this.#quiet = quietSeconds;
    this.#life = lifeSeconds;
    this.#shape = shape;
  }

  step(dt: number): number {
    this.#age += dt;
    const grown = Math.max(0, this.#age - this.#quiet) / this.#life;
    this.level = grown ** this.#shape;
    if (grown > REPAIRED_AT) this.#age = 0;
    return this.level;
  }
}

/** Somebody comes and repairs it when it has lived a quarter longer than it should have. */
const REPAIRED_AT = 1.25;
