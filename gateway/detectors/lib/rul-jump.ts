/**
 * A jump, where readings count and not hours. There blocks grow with age, and what breaks at the end of a long life has no
 * time to fill seven of them.
 */
export interface Jump {
  /** The value beyond which it is one. */
  value: number;
  /** Readings in succession that lie beyond it. */
  beyond: number;
  usual: number;
  /** Mean distance of the readings from what is usual. Within a cycle they go farther than the blocks, which span it, tell. */
  roam: number;
}

/** Readings in succession that are enough. */
const HELD = 6;
/** A jump goes so many mean distances beyond what readings do anyway; those are known after about so many. */
const ROAMS = 6;
const ROAM = 200;

/** What is a jump from now on: beyond `mark`. `seen`: the values so far, for a beginning. */
export function expectJump(
  jump: Jump | null,
  seen: readonly number[],
  { sign, usual, mark }: { sign: 1 | -1; usual: number; mark: number },
): Jump {
  const roam = jump?.roam ?? seen.reduce((sum, value) => sum + Math.abs(value - usual), 0) / Math.max(1, seen.length);
  const value = sign * Math.max(sign * mark, sign * usual + ROAMS * roam);
  return { value, beyond: jump?.beyond ?? 0, usual, roam };
}

/** Takes a reading in. True when with this one the jump has held. */
export function jumps(jump: Jump, value: number, sign: 1 | -1): boolean {
  jump.beyond = sign * (value - jump.value) > 0 ? jump.beyond + 1 : 0;
  jump.roam += (Math.abs(value - jump.usual) - jump.roam) / ROAM;
  return jump.beyond === HELD;
}

export const holds = (jump: Jump | null): boolean => (jump?.beyond ?? 0) >= HELD;
