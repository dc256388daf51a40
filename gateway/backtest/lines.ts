import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";

/** Writes a file line by line at the pace of the disk, 64 kB at a time. */
export class Lines {
  readonly #stream: WriteStream;
  #held = "";

  constructor(path: string) {
    this.#stream = createWriteStream(path);
  }

  async put(line: string): Promise<void> {
    this.#held += line;
    if (this.#held.length < 65_536) return;
    const room = this.#stream.write(this.#held);
    this.#held = "";
    if (!room) await once(this.#stream, "drain");
  }

  async close(): Promise<void> {
    this.#stream.end(this.#held);
    await once(this.#stream, "finish");
  }
}
