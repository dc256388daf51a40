import { Chance, Lag, Program, Wear } from "../physics.ts";
import { put, type Registers } from "../slave.ts";
import { milliamps } from "../transmitter.ts";

/** Pressure across the rinse filter when new and at the limit given by its maker, in bar. */
const FILTER_NEW = 0.3;
const FILTER_CLOGGED = 1.0;

/**
 * A bottle-washing line: pump meter, four 4–20 mA transmitters and a PLC that counts bottles. Its rinse filter clogs in
 * minutes instead of weeks, until somebody changes it.
 */
export class Washer {
  readonly #chance = new Chance(37);
  readonly #program = new Program(this.#chance, [
    ["washing", 170],
    ["waiting", 12],
  ]);
  readonly #filter = new Wear(30, 400, 1);
  readonly #power = new Lag(3_400, 1);
  readonly #bath = new Lag(78, 60);
  #bottles = 1_204_411;
  #rejected = 8_312;
  #owed = 0;
  #energy = 9_412.2;

  step(dt: number, meter: Registers, analog: Registers, plc: Registers): void {
    const washing = this.#program.step(dt) === "washing";
    const clogged = this.#filter.step(dt);
    const drop = FILTER_NEW + (FILTER_CLOGGED - FILTER_NEW) * clogged;
    const power = this.#power.step(dt, washing ? 3_400 + 260 * clogged : 620) * (1 + 0.01 * this.#chance.gauss());
    this.#energy += (power * dt) / 3_600_000;
    this.#count(washing ? dt * 0.97 : 0);
    milliamps(analog, 0, drop * (1 + 0.012 * this.#chance.gauss()), 0, 2);
    milliamps(analog, 1, this.#bath.step(dt, washing ? 78 : 79.5) + 0.08 * this.#chance.gauss(), 0, 100);
    milliamps(analog, 2, 41 + 0.15 * this.#chance.gauss(), 0, 100);
    milliamps(analog, 3, 3.2 - 0.5 * clogged + 0.02 * this.#chance.gauss(), 0, 6);
    this.#meter(meter, power);
    put.u32(plc.holding, 0, this.#bottles);
    put.u32(plc.holding, 2, this.#rejected);
    put.u16(plc.holding, 4, washing ? 2 : 1);
  }

  #count(bottles: number): void {
    this.#owed += bottles;
    while (this.#owed >= 1) {
      this.#owed -= 1;
      this.#bottles += 1;
      if (this.#chance.next() < 0.006) this.#rejected += 1;
    }
  }

  /** An Eastron SDM120: one phase, FC 4, floats. */
  #meter({ input }: Registers, power: number): void {
    const voltage = 230 + 0.7 * this.#chance.gauss();
    put.f32(input, 0, voltage);
    put.f32(input, 6, power / (voltage * 0.86));
    put.f32(input, 12, power);
    put.f32(input, 18, power / 0.86);
    put.f32(input, 24, power * 0.59);
    put.f32(input, 30, 0.86);
    put.f32(input, 70, 50 + 0.01 * this.#chance.gauss());
    put.f32(input, 72, this.#energy);
    put.f32(input, 74, 0);
    put.f32(input, 76, this.#energy * 0.5);
    put.f32(input, 78, 0);
    put.f32(input, 342, this.#energy);
    put.f32(input, 344, this.#energy * 0.5);
  }
}
