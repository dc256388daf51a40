import type { Alarm, AlarmAction, AlarmEvent, AlarmState, Alarms, Message } from "../../../gateway/core/alarm.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Fate, Hear } from "../../../gateway/core/notice.ts";
import { epochMs, SECOND, steadyMs } from "../../../gateway/core/time.ts";
import { openPostman, type Postman } from "../../../gateway/notices/postman.ts";
import { noticeSettings } from "../../../gateway/notices/settings.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { MemoryCells, quiet } from "../../sim/peers/kit.ts";
import { alarm } from "../notifiers/desk.ts";

/** Alarms that do what they are told, and send the event as the engine would. */
class Board implements Alarms {
  readonly all = new Map<string, Alarm>();
  readonly acts: { id: string; action: AlarmAction }[] = [];
  tell: (event: Partial<AlarmEvent> & { alarm: Alarm; to: AlarmState }) => Promise<void> = async () => undefined;
  list = () => [...this.all.values()];
  get = (id: string) => this.all.get(id);
  async act(id: string, action: AlarmAction): Promise<Alarm> {
    this.acts.push({ id, action });
    if (action.kind === "test") {
      await this.tell({ alarm: alarm({ id, machine: "gateway" }), to: "unacked", test: true, annunciated: true });
      return alarm({ id });
    }
    const before = this.all.get(id) ?? alarm({ id });
    const after: Alarm = { ...before, state: action.kind === "shelve" ? "shelved" : "acked", ackedBy: action.by };
    await this.tell({ alarm: after, from: before.state, to: after.state, by: action.by });
    return after;
  }
}

/** A channel that writes down what it carried, and fails while told to. */
export class Channel {
  readonly sent: (Message & { at: number })[] = [];
  readonly name: string;
  readonly #clock: VirtualClock;
  down = false;
  tries = 0;
  hear: Hear | undefined;
  learned: (message: string, fate: Fate) => void = () => undefined;

  constructor(name: string, clock: VirtualClock) {
    this.name = name;
    this.#clock = clock;
  }

  listen(hear: Hear, learned: (message: string, fate: Fate) => void): void {
    this.hear = hear;
    this.learned = learned;
  }

  async deliver(message: Message): Promise<void> {
    this.tries++;
    if (this.down) throw new Error(`${this.name} is down`);
    this.sent.push({ ...message, at: this.#clock.monotonic() });
  }

  get words(): string[] {
    return this.sent.map(({ short }) => short.replace(/ OK=\d{4}$/, ""));
  }
}

/** The notices of a workshop in a test: raise alarms, let time pass, read what arrived. Monday 2 March 2026, 10:00. */
export class Office {
  readonly clock: VirtualClock;
  readonly cells = new MemoryCells();
  readonly board = new Board();
  readonly meters = new Meters();
  readonly sms: Channel;
  readonly mail: Channel;
  readonly #settings: object;
  #seq = 0;
  #newest: readonly Entry<AlarmEvent>[] = [];
  #postman: Postman | undefined;
  #stop = new AbortController();

  private constructor(settings: object, wall: string) {
    this.#settings = settings;
    this.clock = new VirtualClock({ wall: Date.parse(wall) });
    this.sms = new Channel("sms", this.clock);
    this.mail = new Channel("mail", this.clock);
    this.board.tell = (event) => this.event(event);
  }

  static async open(settings: object, wall = "2026-03-02T09:00:00Z"): Promise<Office> {
    const office = new Office(settings, wall);
    await office.start();
    return office;
  }

  get postman(): Postman {
    if (!this.#postman) throw new Error("not open");
    return this.#postman;
  }

  /** As after `kill -9`: only what was committed is known. */
  async start(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#postman = await openPostman({
      settings: noticeSettings.parse(this.#settings),
      site: { id: "nord", name: "Atelier Nord", timezone: "Europe/Paris", language: "fr" },
      machines: new Map([["fraiseuse-3", { id: "fraiseuse-3", name: { fr: "Fraiseuse 3", en: "Mill 3" } }]]),
      alarms: this.board,
      notifiers: [this.sms, this.mail],
      cells: this.cells,
      clock: this.clock,
      meters: this.meters,
      say: quiet,
      steady: () => steadyMs(this.clock.monotonic()),
    });
    void this.#postman.run(this.#stop.signal);
    await this.clock.advance(0);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.clock.advance(SECOND);
  }

  async events(...given: (Partial<AlarmEvent> & { alarm: Alarm; to: AlarmState })[]): Promise<void> {
    const batch = given.map((one) => {
      const item: AlarmEvent = {
        t: this.clock.now(),
        from: "normal",
        by: "system",
        reason: "true",
        quality: "good",
        annunciated: false,
        ...one,
        alarm: { ...one.alarm, state: one.to },
      };
      if (!item.test) this.board.all.set(item.alarm.id, item.alarm);
      return { seq: ++this.#seq, boot: 1, steady: steadyMs(this.clock.monotonic()), tq: "synced" as const, item };
    });
    this.#newest = batch;
    await this.again();
  }

  /** The newest events once more, as after a batch that was not taken. */
  async again(): Promise<void> {
    await this.postman.follower.apply(this.#newest, "live");
    await this.clock.advance(0);
  }

  event(one: Partial<AlarmEvent> & { alarm: Alarm; to: AlarmState }): Promise<void> {
    return this.events(one);
  }

  raise(id: string, over: Partial<Alarm> = {}): Promise<void> {
    const since = epochMs(this.clock.now());
    return this.events({ alarm: alarm({ id, since, ...over }), to: "unacked", annunciated: true });
  }

  clear(id: string): Promise<void> {
    return this.events({ alarm: this.board.all.get(id) ?? alarm({ id }), from: "unacked", to: "normal" });
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }
}

export const claire = {
  id: "claire",
  name: "Claire",
  via: [
    { channel: "sms", address: "+33612345678" },
    { channel: "mail", address: "claire@nord" },
  ],
};
export const bruno = { id: "bruno", name: "Bruno", language: "en", via: [{ channel: "mail", address: "bruno@nord" }] };
