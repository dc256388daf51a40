/** One group of a TIC frame, its checksum right. */
export interface Group {
  readonly label: string;
  readonly text: string;
  /** The meter's own time stamp, in standard mode where a group has one. */
  readonly stamp?: string;
}

export type Mode = "historique" | "standard";

export interface Frame {
  readonly mode: Mode;
  readonly groups: readonly Group[];
}

const STX = 0x02;
const ETX = 0x03;
const EOT = 0x04;
const LF = 0x0a;
const CR = 0x0d;

/** The longest group of the standard (a 98-character message) with room; anything longer is noise. */
const GROUP_MAX = 160;
const GROUPS_MAX = 120;

/**
 * Enedis "télé-information client" bytes to frames. Historique separates by spaces and leaves the last one out of the checksum;
 * standard separates by tabs and counts it in; which it is shows in every group. A group whose checksum is wrong is counted and left
 * out, a frame that was broken off (EOT) as well.
 */
export class TicParser {
  /** Groups whose checksum did not fit, and lines that were too long to be one. */
  damaged = 0;
  #groups: Group[] | undefined;
  #mode: Mode = "historique";
  #line: number[] | undefined;

  bytes(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (const raw of chunk) {
      // Adapters that were opened with 8 data bits leave the parity in the top bit.
      const frame = this.#byte(raw & 0x7f);
      if (frame) frames.push(frame);
    }
    return frames;
  }

  #byte(byte: number): Frame | undefined {
    if (byte === STX) {
      this.#groups = [];
      this.#line = undefined;
    } else if (byte === EOT) {
      this.#groups = undefined;
      this.#line = undefined;
    } else if (byte === ETX) {
      const groups = this.#groups;
      this.#groups = undefined;
      this.#line = undefined;
      return groups && groups.length > 0 ? { mode: this.#mode, groups } : undefined;
    } else if (byte === LF) this.#line = [];
    else if (byte === CR) this.#endOfGroup();
    else if (this.#line) this.#append(byte);
    return undefined;
  }

  #append(byte: number): void {
    this.#line?.push(byte);
    if ((this.#line?.length ?? 0) <= GROUP_MAX) return;
    this.#line = undefined;
    this.damaged++;
  }

  #endOfGroup(): void {
    const line = this.#line;
    this.#line = undefined;
    if (!line) return;
    const parsed = parseGroup(line);
    if (!parsed) this.damaged++;
    else if (this.#groups && this.#groups.length < GROUPS_MAX) {
      this.#mode = parsed.mode;
      this.#groups.push(parsed.group);
    }
  }
}

/** A group without its LF and CR; undefined where the checksum does not fit. */
export function parseGroup(line: readonly number[]): { mode: Mode; group: Group } | undefined {
  const separator = line.at(-2);
  const mode: Mode | undefined = separator === 0x09 ? "standard" : separator === 0x20 ? "historique" : undefined;
  if (!mode || line.length < 4) return undefined;
  const counted = line.slice(0, mode === "standard" ? -1 : -2);
  const sum = counted.reduce((total, byte) => total + byte, 0);
  if ((sum & 0x3f) + 0x20 !== line.at(-1)) return undefined;
  const body = String.fromCharCode(...line.slice(0, -2));
  const [label = "", ...rest] = body.split(mode === "standard" ? "\t" : " ");
  if (label === "") return undefined;
  if (mode === "historique") return { mode, group: { label, text: rest.join(" ") } };
  const [first = "", second] = rest;
  return { mode, group: second === undefined ? { label, text: first } : { label, text: second, stamp: first } };
}
