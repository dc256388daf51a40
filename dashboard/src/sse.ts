/** One event of a `text/event-stream`. */
export interface StreamEvent {
  id: string;
  event: string;
  data: string;
}

const LONGEST_EVENT = 4_000_000;

/**
 * Reads a `text/event-stream` piece by piece: give it text as it arrives, cut anywhere, and it hands out whole events.
 * The page reads the stream itself, because EventSource hides the status (401) and forgets its place when re-opened.
 */
export class StreamReader {
  #rest = "";
  #id = "";
  #event = "";
  #data: string[] = [];

  push(text: string): StreamEvent[] {
    this.#rest += text;
    if (this.#rest.length > LONGEST_EVENT) throw new Error("an event longer than any that the gateway sends");
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  #line(line: string): StreamEvent[] {
    if (line === "") return this.#whole();
    const colon = line.indexOf(":");
    if (colon === 0) return [];
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.#id = value;
    else if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    return [];
  }

  #whole(): StreamEvent[] {
    const found = { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return empty ? [] : [found];
  }
}
