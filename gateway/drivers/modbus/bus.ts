import type { Bus } from "../../core/driver.ts";
import { Fault } from "../../core/fault.ts";
import type { Ms } from "../../core/time.ts";
import type { Pipe } from "../lib/pipe.ts";
import { Codec, decoded } from "./codec.ts";
import type { Copper } from "./copper.ts";
import { Debts } from "./debts.ts";
import { Frames } from "./frames.ts";
import { answerLength, QUESTION_LENGTH, type Question } from "./question.ts";
import { Refusal } from "./refusal.ts";
import { type LineCounts, RtuListener } from "./rtu.ts";
import { TcpListener } from "./tcp.ts";
import { notModbus, refusalWords, unheard } from "./unheard.ts";

export interface Answer {
  /** The data: registers, or coils eight to a byte. For a write the confirmed value. */
  bytes: Buffer;
  /** How long the device thought about it: without the time that the characters took. */
  thought: Ms;
}

/** What an exchange may do: one question at a time. */
export interface Wire {
  ask(question: Question): Promise<Answer>;
}

/** After a failure: a slave that is only a little late must not be spoken over. */
const REST: Ms = 20;

/** When this program itself was held up, timers run before the bytes that have come meanwhile are read: they get this long. */
const GRACE: Ms = 5;

/** A line that never falls silent is not asked anything. */
const BABBLE: Ms = 1_000;

/**
 * One owner per wire: one question in flight, 3.5 characters of silence before each, rest after a failure, every answer checked
 * (see `RtuListener`, `TcpListener`).
 */
export class ModbusBus implements Bus<Wire> {
  readonly debts = new Debts();
  readonly #copper: Copper;
  readonly frames: Frames;
  readonly #rtu: RtuListener;
  readonly #tcp: TcpListener;
  #codec: Codec | undefined;
  #ending = new AbortController();
  #pipe: Pipe | undefined;
  #lost: Fault;
  #last: Promise<unknown> = Promise.resolve();
  #timeout: Ms = 1_000;
  /** The exchange in flight. */
  #asked: { question: Question; sent: Ms; settle: (end: Answer | Fault) => void } | undefined;
  #heardAt: Ms = 0;
  #burstBegan: Ms = 0;
  #restUntil: Ms = 0;
  #cancelGap: () => void = () => undefined;
  #drop: (why: Fault) => void = () => undefined;
  /** Time spent on questions, answers and waiting for them, in ms since the start. */
  busy: Ms = 0;

  constructor(copper: Copper) {
    this.#copper = copper;
    this.frames = new Frames(() => copper.timer.now());
    this.#rtu = new RtuListener(this.debts, (bytes, verdict) => this.frames.add(bytes, verdict));
    this.#tcp = new TcpListener((bytes, verdict) => this.frames.add(bytes, verdict));
    this.#lost = new Fault(copper.framing === "tcp" ? "connection" : "port", {
      fr: `${copper.name} : pas encore ouvert`,
      en: `${copper.name}: not open yet`,
    });
  }

  get counts(): LineCounts {
    return this.#copper.framing === "tcp" ? this.#tcp.counts : this.#rtu.counts;
  }

  get echoes(): boolean {
    return this.#rtu.echoes;
  }

  /** Whether an answer of that unit has come too late since this was last asked. */
  wasTardy(unit: number): boolean {
    return this.#rtu.tardy.delete(unit);
  }

  get isOpen(): boolean {
    return this.#pipe !== undefined;
  }

  /** Opens the wire, and resolves once it is lost again, with the reason. Whoever owns the bus decides when to try again. */
  async serve(opened: () => void = () => undefined): Promise<Fault> {
    const { promise, resolve } = Promise.withResolvers<Fault>();
    this.#drop = resolve;
    this.#ending = new AbortController();
    try {
      this.#codec ??= await Codec.open((adu) => this.#send(adu));
      this.#tcp.reset();
      this.#pipe = await this.#copper.open(
        { bytes: (chunk) => this.#bytes(chunk), lost: resolve },
        this.#ending.signal,
      );
      opened();
      this.#lost = await promise;
    } catch (error) {
      this.#lost = error instanceof Fault ? error : new Fault("port", String(error), { cause: error });
    }
    const pipe = this.#pipe;
    this.#pipe = undefined;
    this.#asked?.settle(this.#lost);
    await pipe?.close();
    return this.#lost;
  }

  /** Gives the wire up, so that `serve` resolves: a wedged adapter, or a stream that lost its place. */
  drop(why: Fault): void {
    this.#drop(why);
  }

  /** `pause`: the silence that the device itself needs before a question, where that is more than the line's. */
  exchange<T>(ask: (wire: Wire) => Promise<T>, timeout: Ms, pause: Ms = 0): Promise<T> {
    const mine = this.#last.then(() => {
      this.#timeout = timeout;
      this.#restUntil = Math.max(this.#restUntil, this.#heardAt + pause);
      return ask(this.#wire);
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#cancelGap();
    const pipe = this.#pipe;
    this.#pipe = undefined;
    this.#lost = new Fault("down", { fr: `${this.#copper.name} a été fermé`, en: `${this.#copper.name} was closed` });
    this.#asked?.settle(this.#lost);
    await pipe?.close();
    this.#drop(this.#lost);
  }

  readonly #wire: Wire = {
    ask: async (question) => {
      if (this.#copper.framing === "rtu" && !this.debts.isFree(question)) await this.#probe(question);
      return this.#askOnce(question, false);
    },
  };

  /** Asks something whose answer no owed one can be mistaken for; once it is answered, the older answers are through. */
  async #probe(question: Question): Promise<void> {
    const { timer, name } = this.#copper;
    const probe = this.debts.owes(question.unit, timer.now()) ? this.debts.probe(question) : undefined;
    if (!probe) {
      if (this.debts.isFree(question)) return;
      throw new Fault("timeout", {
        fr: `${name} : l'esclave ${question.unit} se repose jusqu'à ce qu'aucune réponse tardive ne puisse plus venir`,
        en: `${name}: slave ${question.unit} rests until late answers cannot come any more`,
      });
    }
    try {
      await this.#askOnce(probe.question, probe.wide);
    } catch (error) {
      // Reading past its map is refused by many a device; that answers the probe as well.
      if (!(error instanceof Refusal) || error.unsure) throw error;
    }
  }

  async #askOnce(question: Question, wide: boolean): Promise<Answer> {
    await this.#quiet();
    if (!this.#pipe) throw this.#lost;
    const { timer, framing } = this.#copper;
    const begun = timer.now();
    try {
      return await this.#ask(question);
    } catch (error) {
      this.#restUntil = timer.now() + REST;
      if (framing === "rtu" && !(error instanceof Refusal && !error.unsure))
        this.debts.owe(question, timer.now(), wide);
      throw error;
    } finally {
      this.busy += timer.now() - begun;
    }
  }

  #ask(question: Question): Promise<Answer> {
    const { timer, char, gap } = this.#copper;
    return new Promise((resolve, reject) => {
      const whole = this.#timeout + (QUESTION_LENGTH + answerLength(question)) * char + gap;
      const expire = () => {
        const more = this.#moreToCome(begun + 2 * whole);
        if (more === undefined) settle(this.#silenceFault(question));
        else cancel = timer.after(more, expire);
      };
      const begun = timer.now();
      let cancel = timer.after(whole, () => {
        cancel = timer.after(GRACE, expire);
      });
      const settle = (end: Answer | Fault) => {
        if (!this.#asked) return;
        this.#asked = undefined;
        cancel();
        this.#rtu.stop();
        this.#tcp.stop();
        if (end instanceof Error) reject(end);
        else resolve(end);
      };
      this.#asked = { question, sent: timer.now(), settle };
      this.#codec?.ask(question);
    });
  }

  /** How long to wait on because an answer is just coming in; undefined where none is. */
  #moreToCome(end: Ms): Ms | undefined {
    const { timer, gap, framing } = this.#copper;
    const rest = this.#heardAt + 2 * gap - timer.now();
    return framing === "rtu" && !this.#rtu.isIdle && rest > 0 && timer.now() < end ? rest : undefined;
  }

  #answered(body: Buffer): void {
    const asked = this.#asked;
    if (!asked) return;
    const { question } = asked;
    const said = decoded(question, body);
    if ("exception" in said) {
      const sure = this.debts.refusalsClear(question.unit);
      if (sure) this.debts.clear(question.unit);
      asked.settle(new Refusal(said.exception, refusalWords(question, said.exception), !sure));
      return;
    }
    this.debts.clear(question.unit);
    const onWire = (QUESTION_LENGTH + answerLength(question)) * this.#copper.char;
    asked.settle({ bytes: said.bytes, thought: Math.max(0, this.#heardAt - asked.sent - onWire) });
  }

  #send(adu: Buffer): void {
    const asked = this.#asked;
    const pipe = this.#pipe;
    if (!asked || !pipe) return;
    asked.sent = this.#copper.timer.now();
    if (this.#copper.framing === "rtu") this.#rtu.ask(asked.question, adu);
    const frame = this.#copper.framing === "tcp" ? this.#tcp.ask(asked.question, adu) : adu;
    this.frames.add(frame, "asked");
    pipe.write(frame);
  }

  #bytes(chunk: Uint8Array): void {
    this.#heardAt = this.#copper.timer.now();
    if (this.#copper.framing === "tcp") {
      const answer = this.#tcp.bytes(chunk);
      if (answer === "lost") this.drop(notModbus());
      else if (answer) this.#answered(answer);
      return;
    }
    // The first byte was on its way before the last one came in.
    if (this.#rtu.isIdle) this.#burstBegan = this.#heardAt - chunk.length * this.#copper.char;
    this.#rtu.bytes(chunk);
    this.#cancelGap();
    this.#cancelGap = this.#copper.timer.after(this.#copper.gap, () => this.#silence());
  }

  #silence(): void {
    const heard = this.#rtu.silence();
    if (typeof heard !== "object") return;
    if (this.#isEarly(heard.from, heard.to)) this.#rtu.refuseEarly();
    else this.#answered(this.#rtu.take(heard));
  }

  /** Begun before the question was out, or complete before both can have gone over the wire: it answers something else. */
  #isEarly(from: number, to: number): boolean {
    const { char, paced } = this.#copper;
    if (!paced) return false;
    const sent = this.#asked?.sent ?? 0;
    const isEchoed = from > 0;
    // 10 % for a wrong quartz; a slave keeps silent for 3.5 characters anyway.
    if (!isEchoed && this.#burstBegan < sent + 0.9 * QUESTION_LENGTH * char) return true;
    return this.#heardAt < sent + 0.9 * (QUESTION_LENGTH + to - from) * char;
  }

  #silenceFault({ unit }: Question): Fault {
    this.#rtu.stop();
    const { met } = this.#copper.framing === "tcp" ? this.#tcp : this.#rtu;
    return unheard(unit, met, this.#timeout);
  }

  /** Waits until the line has been silent for a gap. */
  async #quiet(): Promise<void> {
    if (this.#copper.framing === "tcp") return;
    const { timer, gap } = this.#copper;
    const begun = timer.now();
    for (;;) {
      const rest = Math.max(this.#heardAt + gap, this.#restUntil) - timer.now();
      if (rest <= 0) return;
      if (timer.now() - begun > BABBLE)
        throw new Fault("garbled", {
          fr: "la ligne ne se tait jamais : un autre maître, ou du bruit",
          en: "the line never falls silent: another master, or noise",
        });
      await new Promise<void>((resolve) => void timer.after(rest, resolve));
    }
  }
}
