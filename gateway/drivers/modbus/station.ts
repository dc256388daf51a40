import { Fault, type FaultCode } from "../../core/fault.ts";
import { bad, type Reading } from "../../core/reading.ts";
import { type EpochMs, MINUTE, type Ms } from "../../core/time.ts";
import { Breaker } from "./breaker.ts";
import type { Answer, ModbusBus } from "./bus.ts";
import type { Counter } from "./counter.ts";
import { type Decode, decoder } from "./decode.ts";
import { Gaps } from "./gaps.ts";
import type { Listener } from "./listener.ts";
import { Patience } from "./patience.ts";
import { type Block, type Cost, type Hole, type Limits, plan } from "./plan.ts";
import { type Question, readOf } from "./question.ts";
import { rawText } from "./raw.ts";
import { type Reader, readerOf } from "./reader.ts";
import { Refusal, wireFaults } from "./refusal.ts";
import type { Tag, TextTag } from "./tags.ts";

export interface StationSettings {
  slave: number;
  /** The only device on its wire. */
  alone: boolean;
  tags: readonly Tag[];
  texts: readonly TextTag[];
  limits: Limits;
  cost: Cost;
  holes: readonly Hole[];
  /** The ceiling of the learned wait. */
  timeout: Ms;
  retries: number;
  /** What the device needs between two questions. */
  pause: Ms;
}

/** Time enough to put another device in the place of one that is silent. */
const EXCHANGED_AFTER = MINUTE;

/** One slave on a bus: its plan, its patience, and how it has been doing. A dead one yields bad readings at its usual pace. */
export class Station {
  readonly settings: StationSettings;
  readonly patience: Patience;
  /** What the device says of itself in text: serial number, firmware. Read once. */
  readonly properties: Record<string, string> = {};
  /** Answers that came after their time was over. */
  late = 0;
  readonly #bus: ModbusBus;
  readonly #heard: Listener;
  readonly #decoders: readonly Decode[];
  readonly #gaps: Gaps<Tag>;
  readonly #plans = new Map<string, readonly Reader[]>();
  readonly #breaker: Breaker;
  #why: FaultCode = "timeout";
  #silentSince: Ms = 0;
  /** How often it has answered a probe since it last answered to its whole plan. */
  #returns = 0;

  constructor(settings: StationSettings, bus: ModbusBus, heard: Listener, counters: readonly (Counter | undefined)[]) {
    this.settings = settings;
    this.patience = new Patience(settings.timeout);
    this.#breaker = new Breaker(settings.alone);
    this.#bus = bus;
    this.#heard = heard;
    this.#gaps = new Gaps(settings.holes, settings.tags);
    this.#decoders = settings.tags.map((tag, i) => decoder(tag.point.id, tag.meaning, counters[i]));
  }

  get state(): "ok" | "silent" | "degraded" {
    if (this.#breaker.isOpen) return "silent";
    return this.#breaker.isShaken || this.refused.length > 0 ? "degraded" : "ok";
  }

  /** The wire has just been opened: whoever was silent on the old one gets a new chance. */
  wireIsNew(): void {
    this.#breaker.retry();
  }

  #noticeTardy(): boolean {
    const tardy = this.#bus.wasTardy(this.settings.slave);
    if (tardy) {
      this.late++;
      this.patience.tardy();
    }
    return tardy;
  }

  get refused(): readonly Tag[] {
    return this.#gaps.refused;
  }

  /** Reads the tags with these indices, and answers for every one of them. `due` is the name of the set, to remember its plan by. */
  async poll(due: string, indices: readonly number[], clock: { now(): EpochMs; monotonic(): Ms }): Promise<Reading[]> {
    const readings: Reading[] = [];
    if (this.#breaker.isOpen) {
      if (!(await this.#probe(clock.monotonic()))) return this.#allBad(indices, clock.now(), this.#why);
      this.#returns++;
    }
    let fault: FaultCode | undefined;
    const plan = this.#plan(due, indices, clock.monotonic());
    for (const index of indices) {
      const tag = this.settings.tags[index];
      if (tag && this.#gaps.isOut(tag)) readings.push(this.#bad(index, clock.now(), "refused"));
    }
    for (const reader of plan) {
      // Once a device has not answered, its other blocks would only cost the bus more waiting.
      fault = fault ?? (await this.#read(reader, clock, readings));
      if (fault) for (const index of reader.block.spans) readings.push(this.#bad(index, clock.now(), fault));
    }
    if (!fault) this.#returns = 0;
    this.#judge(fault, clock.monotonic());
    if (!fault) await this.#readText();
    return readings;
  }

  /** One text per poll, so that a device with many of them does not hold up the line. */
  async #readText(): Promise<void> {
    const text = this.settings.texts.find(({ name }) => !(name in this.properties));
    if (!text) return;
    try {
      const { bytes } = await this.#ask({ ...text, spans: [] });
      this.properties[text.name] = rawText(bytes, 0, text.count, text.order);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === "refused") this.properties[text.name] = "";
    }
  }

  #allBad(indices: readonly number[], t: EpochMs, why: FaultCode): Reading[] {
    return indices.map((index) => this.#bad(index, t, why));
  }

  #bad(index: number, t: EpochMs, why: FaultCode): Reading {
    const reading = bad(this.settings.tags[index]?.point.id ?? "/", t, why);
    this.#heard.read(index, reading);
    return reading;
  }

  /** Reads one block into `readings`; a refused one is halved until the address at fault stands alone. The fault, if none came. */
  async #read(
    reader: Reader,
    clock: { now(): EpochMs; monotonic(): Ms },
    readings: Reading[],
  ): Promise<FaultCode | undefined> {
    try {
      const { bytes } = await this.#ask(reader.block);
      const t = clock.now();
      for (const { index, decode, at } of reader.parts) {
        const reading = decode(bytes, at, t);
        this.#heard.read(index, reading);
        readings.push(reading);
      }
      if (this.#gaps.answered(reader.block.spans, this.settings.tags)) this.#mapChanged();
      return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error instanceof Refusal && error.code === "refused" && !error.unsure) {
        await this.#halve(reader, clock, readings);
        return undefined;
      }
      // Some devices keep silent where others refuse: this one answers, but never to that block.
      const isSuspect = this.#returns > 1 || this.#gaps.suspects(reader.block.spans, this.settings.tags);
      if (error.code === "timeout" && isSuspect && (await this.#isThere())) {
        await this.#halve(reader, clock, readings);
        return undefined;
      }
      if (error.code === "device" || error.code === "busy") {
        for (const index of reader.block.spans) readings.push(this.#bad(index, clock.now(), error.code));
        return undefined;
      }
      return error.code;
    }
  }

  async #halve(reader: Reader, clock: { now(): EpochMs; monotonic(): Ms }, readings: Reading[]): Promise<boolean> {
    const { block } = reader;
    const only = block.spans.length === 1 ? this.settings.tags[block.spans[0] ?? -1] : undefined;
    if (only) {
      readings.push(this.#bad(block.spans[0] ?? 0, clock.now(), "refused"));
      this.#remember({ table: block.table, from: block.at, to: block.at + block.count });
      this.#gaps.leaveOut(only, clock.monotonic());
      this.#plans.clear();
      this.#heard.refuses(only);
      return false;
    }
    const middle = block.spans.length >> 1;
    const halves = [block.spans.slice(0, middle), block.spans.slice(middle)].map((spans) =>
      this.#reader(block.table, spans),
    );
    let whole = true;
    for (const half of halves) {
      const before = this.#gaps.holes.length;
      const fault = await this.#read(half, clock, readings);
      if (fault) for (const index of half.block.spans) readings.push(this.#bad(index, clock.now(), fault));
      if (fault || this.#gaps.holes.length > before) whole = false;
    }
    const [left, right] = halves;
    if (whole && left && right && right.block.at >= left.block.at + left.block.count)
      this.#remember({ table: block.table, from: left.block.at + left.block.count, to: right.block.at });
    return whole;
  }

  async #ask(block: Block): Promise<Answer> {
    const question = readOf(this.settings.slave, block.table, block.at, block.count);
    const tries = this.#breaker.isShaken || !this.patience.isLearned ? 1 : 1 + this.settings.retries;
    for (let left = tries - 1; ; left--) {
      this.#noticeTardy();
      try {
        return await this.#exchange(question, this.patience.timeout);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (error.code === "timeout") this.patience.silent();
        if (left <= 0 || error.code === "refused" || wireFaults.has(error.code)) throw error;
      }
    }
  }

  async #exchange(question: Question, timeout: Ms): Promise<Answer> {
    const before = this.#bus.busy;
    try {
      const answer = await this.#bus.exchange((wire) => wire.ask(question), timeout, this.settings.pause);
      this.patience.answered(answer.thought);
      this.#heard.exchanged("answered", answer.thought, this.#bus.busy - before, true);
      return answer;
    } catch (error) {
      if (error instanceof Fault) {
        const isHeard = error instanceof Refusal || (error.code !== "timeout" && !wireFaults.has(error.code));
        this.#heard.exchanged(error.code, 0, this.#bus.busy - before, isHeard);
      }
      throw error;
    }
  }

  /** Whether a silent device is back: asks one short question when it is time. */
  async #probe(now: Ms): Promise<boolean> {
    const tardy = this.#noticeTardy();
    if (!(tardy || this.#breaker.mayProbe(now))) return false;
    const timeout = this.#breaker.isLong ? this.settings.timeout : this.patience.probe;
    if (!(await this.#isThere(timeout))) {
      if (!wireFaults.has(this.#why)) this.#breaker.backOff(now, timeout);
      return false;
    }
    this.#breaker.answered();
    this.#heard.back();
    if (now - this.#silentSince > EXCHANGED_AFTER && this.#gaps.forget()) this.#mapChanged();
    return true;
  }

  /** Whether it answers to one short question; `#why` if not. */
  async #isThere(timeout = this.patience.probe): Promise<boolean> {
    const [first] = this.settings.tags;
    if (!first) return false;
    try {
      await this.#exchange(readOf(this.settings.slave, first.table, first.at, first.count), timeout);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error instanceof Refusal && error.code !== "timeout") return true;
      this.#why = error.code;
      return false;
    }
  }

  #judge(fault: FaultCode | undefined, now: Ms): void {
    if (!fault) this.#breaker.answered();
    if (!fault || wireFaults.has(fault)) return;
    this.#why = fault;
    const opened = this.#breaker.failed(this.patience.isLearned, now, this.patience.probe);
    if (!opened) return;
    this.#silentSince = now;
    this.#heard.silent(fault, this.#breaker.wait(now));
  }

  #remember(hole: Hole): void {
    if (this.#gaps.add(hole)) this.#mapChanged();
  }

  #mapChanged(): void {
    this.#plans.clear();
    this.#heard.holes(this.#gaps.holes);
  }

  #plan(due: string, indices: readonly number[], now: Ms): readonly Reader[] {
    if (this.#gaps.takeIn(now)) this.#plans.clear();
    const known = this.#plans.get(due);
    if (known) return known;
    const { tags, limits, cost } = this.settings;
    const asked = indices.filter((index) => tags[index] && !this.#gaps.isOut(tags[index]));
    const spans = asked.flatMap((index) => tags[index] ?? []);
    const readers = plan(spans, limits, cost, this.#gaps.holes).map((block) =>
      this.#reader(
        block.table,
        block.spans.map((span) => asked[span] ?? 0),
      ),
    );
    this.#plans.set(due, readers);
    return readers;
  }

  #reader(table: Block["table"], spans: readonly number[]): Reader {
    return readerOf(this.settings.tags, this.#decoders, table, spans);
  }
}
