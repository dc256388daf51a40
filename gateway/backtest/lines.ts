import { type FileHandle, open } from "node:fs/promises";
import { Told } from "../core/text.ts";

/** Writes a file line by line, 64 kB at a time. */
export class Lines {
  readonly #file: FileHandle;
  readonly #path: string;
  #held = "";

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async to(path: string): Promise<Lines> {
    return new Lines(await told(path, open(path, "w")), path);
  }

  async put(line: string): Promise<void> {
    this.#held += line;
    if (this.#held.length >= 65_536) await this.#write();
  }

  async close(): Promise<void> {
    await this.#write();
    await told(this.#path, this.#file.close());
  }

  async #write(): Promise<void> {
    const held = this.#held;
    this.#held = "";
    await told(this.#path, this.#file.appendFile(held));
  }
}

const told = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((error: Error) => {
    throw new Told({
      fr: `${path} ne peut être écrit : ${error.message}`,
      en: `cannot write ${path}: ${error.message}`,
    });
  });
