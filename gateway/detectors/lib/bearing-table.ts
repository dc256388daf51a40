/** How often each part knocks in a turn of the shaft. */
export interface BearingOrders {
  outer: number;
  inner: number;
  /** Turns of a ball about itself. */
  ball: number;
  cage: number;
}

export interface BearingGeometry {
  balls: number;
  /** Diameter of a rolling element, mm. */
  ball: number;
  /** Diameter of the circle through their centres, mm. */
  pitch: number;
  /** Contact angle, degrees. */
  angle?: number;
}

/** Outer ring fixed, inner ring turning, no slip. */
export function ordersOf({ balls, ball, pitch, angle = 0 }: BearingGeometry): BearingOrders {
  const ratio = (ball / pitch) * Math.cos((angle * Math.PI) / 180);
  return {
    outer: (balls / 2) * (1 - ratio),
    inner: (balls / 2) * (1 + ratio),
    ball: (pitch / (2 * ball)) * (1 - ratio * ratio),
    cage: (1 - ratio) / 2,
  };
}

/**
 * Rolling elements, their diameter and the pitch circle, mm. Checked where possible against factors that makers publish
 * (Timken's table for housed units covers 62xx and 63xx). Makers differ by up to 2 % within a designation, some even in
 * the number of balls: whoever has the data sheet gives the geometry instead.
 */
const geometries: Readonly<Record<string, readonly [balls: number, ball: number, pitch: number, angle?: number]>> = {
  608: [7, 3.969, 15],
  6000: [7, 4.762, 18],
  6001: [8, 4.762, 20],
  6002: [9, 4.762, 23.5],
  6003: [10, 4.762, 26],
  6004: [9, 6.35, 31],
  6005: [10, 6.35, 36],
  6006: [11, 7.144, 42.5],
  6007: [11, 7.938, 48.5],
  6008: [12, 7.938, 54],
  6009: [12, 8.731, 60],
  6010: [13, 8.731, 65],
  6200: [8, 4.762, 20],
  6201: [7, 5.953, 22],
  6202: [8, 5.953, 25],
  6203: [8, 6.747, 28.5],
  6204: [8, 7.938, 33.5],
  6205: [9, 7.94, 39.04],
  6206: [9, 9.525, 46],
  6207: [9, 11.112, 53.5],
  6208: [9, 12.7, 60],
  6209: [9, 12.7, 65],
  6210: [10, 12.7, 70],
  6211: [10, 14.288, 77.5],
  6212: [10, 15.875, 85],
  6213: [10, 16.669, 92.5],
  6214: [10, 17.462, 97.5],
  6303: [7, 8.731, 32],
  6304: [7, 9.525, 36],
  6305: [7, 11.509, 43.5],
  6307: [8, 14.288, 57.5],
  6308: [8, 15.875, 65],
  6309: [8, 17.462, 72.5],
  6310: [8, 19.05, 80],
  6311: [8, 20.638, 87.5],
  6312: [8, 22.225, 95],
  6313: [8, 23.812, 102.5],
  6314: [8, 25.4, 110],
  6315: [8, 26.988, 117.5],
  6316: [8, 28.575, 125],
  6318: [8, 31.75, 140],
  "ER-16K": [9, 7.938, 38.5],
  UER204: [8, 7.92, 34.55],
  "ZA-2115": [16, 8.407, 71.501, 15.17],
};

/** All designations known, shortest first. */
export const designations = (): string[] => Object.keys(geometries).sort((a, b) => a.length - b.length);

const MAKERS = /^(SKF|FAG|NSK|NTN|SNR|KOYO|NACHI|TIMKEN|INA|RHP|MB|REXNORD|LDK)[\s-]*/;

/**
 * The orders of a bearing as people write it: a designation with or without maker and suffixes (`SKF 6205-2RS C3`), or
 * `balls,ball mm,pitch mm[,angle]` from its data sheet. Undefined where neither is understood.
 */
export function ordersFor(written: string): BearingOrders | undefined {
  const [balls, ball, pitch, angle = 0, ...rest] = written.split(",").map(Number);
  if (balls !== undefined && ball !== undefined && pitch !== undefined && rest.length === 0) {
    const sound = Number.isInteger(balls) && balls >= 3 && ball > 0 && pitch > ball && Math.abs(angle) < 90;
    return sound ? ordersOf({ balls, ball, pitch, angle }) : undefined;
  }
  const plain = written.trim().toUpperCase().replace(MAKERS, "");
  const known = designations()
    .reverse()
    .find((name) => plain.startsWith(name) && !/^\d/.test(plain.slice(name.length)));
  const found = known === undefined ? undefined : geometries[known];
  if (!found) return undefined;
  return ordersOf({ balls: found[0], ball: found[1], pitch: found[2], angle: found[3] ?? 0 });
}
