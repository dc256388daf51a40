import { Chance, Lag, Program } from "../physics.ts";
import { put, type Registers } from "../slave.ts";
import { milliamps } from "../transmitter.ts";

/** A 1970s lathe with a three-phase meter and three 4–20 mA transmitters. It cuts pieces, waits, and is healthy. */
export class Lathe {
  readonly #chance = new Chance(11);
  readonly #program = new Program(this.#chance, [
    ["cutting", 35],
    ["idle", 12],
    ["cutting", 40],
    ["idle", 25],
  ]);
  readonly #power = new Lag(1_100, 0.8);
  readonly #spindle = new Lag(38, 90);
  #energy = 18_204.6;

  step(dt: number, meter: Registers, analog: Registers): void {
    const cutting = this.#program.step(dt) === "cutting";
    const power = this.#power.step(dt, cutting ? 4_300 : 1_100) * (1 + 0.02 * this.#chance.gauss());
    const temperature = this.#spindle.step(dt, cutting ? 46 : 39) + 0.05 * this.#chance.gauss();
    const vibration = (cutting ? 1.62 : 0.95) * (1 + 0.05 * this.#chance.gauss());
    const oil = 3.1 - 0.012 * (temperature - 38) + 0.015 * this.#chance.gauss();
    this.#energy += (power * dt) / 3_600_000;
    this.#meter(meter, power);
    milliamps(analog, 0, vibration, 0, 25);
    milliamps(analog, 1, temperature, 0, 100);
    milliamps(analog, 2, oil, 0, 10);
  }

  /** An Eastron SDM630: three phases with a little imbalance, FC 4, floats. */
  #meter({ input }: Registers, power: number): void {
    const factor = 0.55 + 0.3 * Math.min(1, power / 4_500);
    const shares = [0.338, 0.331, 0.331];
    for (const [phase, share] of shares.entries()) {
      const voltage = 231 + 0.8 * this.#chance.gauss();
      put.f32(input, 2 * phase, voltage);
      put.f32(input, 6 + 2 * phase, (power * share) / (voltage * factor));
      put.f32(input, 12 + 2 * phase, power * share);
      put.f32(input, 30 + 2 * phase, factor);
    }
    put.f32(input, 52, power);
    put.f32(input, 56, power / factor);
    put.f32(input, 60, Math.sqrt((power / factor) ** 2 - power ** 2));
    put.f32(input, 62, factor);
    put.f32(input, 70, 50 + 0.01 * this.#chance.gauss());
    put.f32(input, 72, this.#energy);
    put.f32(input, 74, 0);
    put.f32(input, 342, this.#energy);
    put.f32(input, 344, this.#energy * 0.6);
  }
}
