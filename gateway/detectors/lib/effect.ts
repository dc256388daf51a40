import type { Unit } from "../../core/unit.ts";

/**
 * What difference matters to a person on the floor, however small the noise: sigmas on a short quiet baseline cry wolf.
 * Temperatures by kelvin; everything else by its share of the usual level.
 */
export interface Effect {
  /** The difference between a value and the usual one, in the measure that `floor` has. */
  apart(value: number, usual: number): number;
  /** The value that lies so far apart from the usual one. */
  at(usual: number, apart: number): number;
  floor: number;
}

const KELVIN = { cautious: 8, firm: 5 } as const;
/** As a share of the usual level: `firm` for means over hours, `cautious` for single readings. */
const SHARE = { cautious: 0.5, firm: 0.2 } as const;

export function effectOf(unit: Unit, strictness: keyof typeof SHARE): Effect {
  if (unit === "Cel") {
    return { apart: (value, usual) => value - usual, at: (usual, apart) => usual + apart, floor: KELVIN[strictness] };
  }
  return {
    apart: (value, usual) => (value - usual) / Math.max(Math.abs(usual), Number.MIN_VALUE),
    at: (usual, apart) => usual + apart * Math.abs(usual),
    floor: SHARE[strictness],
  };
}
