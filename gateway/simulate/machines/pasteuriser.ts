import { Chance, Lag, Program } from "../physics.ts";
import { put, type Registers } from "../slave.ts";

/** A pasteuriser that the workshop built itself: its PLC shows temperatures, flow and pressures as floats in holding registers. */
export class Pasteuriser {
  readonly #chance = new Chance(23);
  readonly #program = new Program(this.#chance, [
    ["product", 150],
    ["water", 20],
  ]);
  readonly #holding = new Lag(74.2, 6);
  readonly #flow = new Lag(1_180, 3);
  readonly #heating = new Lag(9.1, 4);
  #litres = 402_113;
  #age = 0;

  step(dt: number, plc: Registers): void {
    const product = this.#program.step(dt) === "product";
    const flow = this.#flow.step(dt, product ? 1_180 : 900);
    this.#age += dt;
    const wobble = 0.25 * Math.sin(this.#age / 9);
    const holding = this.#holding.step(dt, 74.2 + wobble) + 0.04 * this.#chance.gauss();
    const heating = this.#heating.step(dt, (flow / 1_180) * (9.1 - 2 * wobble)) + 0.05 * this.#chance.gauss();
    this.#litres += (flow * dt) / 3_600;
    const { holding: table } = plc;
    put.f32(table, 0, holding);
    put.f32(table, 2, holding - 1.1 + 0.03 * this.#chance.gauss());
    put.f32(table, 4, flow + 4 * this.#chance.gauss());
    put.f32(table, 6, 2.4 + 0.02 * this.#chance.gauss());
    put.f32(table, 8, 1.9 + 0.02 * this.#chance.gauss());
    put.f32(table, 10, heating);
    put.u32(table, 12, Math.floor(this.#litres));
    put.u16(table, 14, product ? 2 : 1);
  }
}
