/** The longest line an instrument may send; what is longer is noise. */
export const LINE_MAX = 256;

/**
 * Bytes to lines, ended by CR, LF or both. Bounded: of a line that does not end only its length is kept, and it counts once as too
 * long when it ends or starts over.
 */
export class LineSplitter {
  /** Lines that were too long, and left out. */
  tooLong = 0;
  /** The bytes of these lines. */
  dropped = 0;
  #line = "";
  #skipping = false;

  /** The line broke off: what comes next is the beginning of another one, or where bytes were lost (`torn`) the end of one. */
  breakOff(torn = false): void {
    this.#line = "";
    this.#skipping = torn;
  }

  bytes(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let i = 0; i <= chunk.length; i++) {
      const byte = chunk[i];
      if (i < chunk.length && byte !== 0x0a && byte !== 0x0d) continue;
      this.#append(chunk, from, i);
      from = i + 1;
      if (i < chunk.length) this.#end(lines);
    }
    return lines;
  }

  #append(chunk: Buffer, from: number, to: number): void {
    if (this.#skipping) this.dropped += to - from;
    if (this.#skipping || from >= to) return;
    if (this.#line.length + to - from > LINE_MAX) {
      this.#skipping = true;
      this.dropped += this.#line.length + to - from;
      this.#line = "";
      this.tooLong++;
    } else this.#line += chunk.toString("latin1", from, to);
  }

  #end(lines: string[]): void {
    if (!this.#skipping && this.#line !== "") lines.push(this.#line);
    this.#line = "";
    this.#skipping = false;
  }
}
