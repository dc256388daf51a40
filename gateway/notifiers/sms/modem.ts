import { Fault } from "../../core/fault.ts";
import { type Clock, type Ms, SECOND } from "../../core/time.ts";

/** Bytes to and from a modem; a serial port, or whatever stands for it. */
export interface Wire {
  write(bytes: string): void;
  onData(take: (bytes: Buffer) => void): void;
}

export interface Answer {
  /** Lines between the question and its OK. */
  readonly lines: readonly string[];
}

/** What the modem says without being asked: a line, and the line after it where it announces a PDU. */
export type Unasked = (line: string, pdu?: string) => void;

interface Question {
  readonly command: string;
  readonly lines: string[];
  /** Sent when the modem shows its prompt. */
  readonly body: string | undefined;
  resolve(answer: Answer): void;
  reject(error: Fault): void;
}

const LONGEST_LINE = 4_096;
const MOST_LINES = 500;
const SETTLE: Ms = 300;
const unasked = /^(\+CMTI:|\+CDS:|\+CDSI:|\+CREG: \d$|\+CEREG: \d$|RING|\+CUSD:|\^|\+PBREADY|\+QIND)/;

/** One modem on a wire: one question at a time, and an ear for what it says of its own accord. */
export class Modem {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #unasked: Unasked;
  readonly #giveUp: (error: Fault) => void;
  #open: Question | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #rest = "";
  #announced: string | undefined;

  constructor(wire: Wire, clock: Clock, unasked: Unasked) {
    this.#wire = wire;
    this.#clock = clock;
    this.#unasked = unasked;
    const { promise, reject } = Promise.withResolvers<never>();
    this.dumb = promise;
    this.#giveUp = reject;
    promise.catch(() => undefined);
    wire.onData((bytes) => this.#take(bytes.toString("latin1")));
  }

  /** Rejects at the first question that gets no answer: whatever comes later would be taken for the answer to another. */
  readonly dumb: Promise<never>;

  /** Asks and waits for OK. `body` goes out at the prompt, closed by Ctrl-Z. Rejects with what the modem said, or `timeout`. */
  ask(command: string, timeout: Ms = 5 * SECOND, body?: string): Promise<Answer> {
    const mine = this.#last.then(() => this.#exchange(command, timeout, body));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Out of a prompt that an earlier owner of the port may have left open: there, every command would be taken for text. */
  async calm(): Promise<void> {
    this.#wire.write("\x1b");
    await this.#clock.sleep(SETTLE);
  }

  async #exchange(command: string, timeout: Ms, body: string | undefined): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#open = { command, body, lines: [], resolve, reject };
    this.#wire.write(`${command}\r`);
    const patience = new AbortController();
    const late = this.#clock
      .sleep(timeout, patience.signal)
      .then(() => {
        const fault = new Fault("timeout", {
          fr: `le modem ne répond pas à ${command.split("=")[0]}`,
          en: `the modem does not answer ${command.split("=")[0]}`,
        });
        reject(fault);
        this.#giveUp(fault);
      })
      .catch(() => undefined);
    try {
      return await promise;
    } catch (error) {
      // Out of a prompt that may still be open, or the next question would be swallowed as text.
      if (body !== undefined) this.#wire.write("\x1b");
      throw error;
    } finally {
      this.#open = undefined;
      patience.abort();
      await late;
    }
  }

  #take(text: string): void {
    this.#rest = (this.#rest + text).slice(-LONGEST_LINE);
    for (let end = this.#rest.search(/[\r\n]/); end >= 0; end = this.#rest.search(/[\r\n]/)) {
      const line = this.#rest.slice(0, end).trim();
      this.#rest = this.#rest.slice(end + 1);
      if (line !== "") this.#line(line);
    }
    if (this.#open?.body !== undefined && /^\s*> ?$/.test(this.#rest)) {
      this.#rest = "";
      this.#wire.write(`${this.#open.body}\x1a`);
    }
  }

  #line(line: string): void {
    const announced = this.#announced;
    const open = this.#open;
    const own = open && /^AT(\+\w+)/.exec(open.command)?.[1];
    if (announced !== undefined) {
      this.#announced = undefined;
      this.#unasked(announced, line);
    } else if (line.startsWith("+CDS:")) this.#announced = line;
    else if (unasked.test(line) && !(own && line.startsWith(`${own}:`))) this.#unasked(line);
    else if (open && line !== open.command) answer(open, line);
  }
}

function answer(open: Question, line: string): void {
  if (line === "OK") open.resolve({ lines: open.lines });
  else if (/^(ERROR|\+CM[ES] ERROR:|NO CARRIER)/.test(line))
    open.reject(
      new Fault("refused", {
        fr: `le modem refuse ${open.command.split("=")[0]} : ${line}`,
        en: `the modem refuses ${open.command.split("=")[0]}: ${line}`,
      }),
    );
  else if (open.lines.length < MOST_LINES) open.lines.push(line);
}
