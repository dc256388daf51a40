import { randomInt } from "node:crypto";
import { z } from "zod";
import type { Series } from "../../core/meter.ts";
import { reason, type Text, textOf } from "../../core/text.ts";
import { MINUTE, type Ms, SECOND } from "../../core/time.ts";
import { wallTime } from "../../notices/calendar.ts";
import { clockTime, weekdays } from "../../notices/settings.ts";
import type { NotifierContext } from "../../plugin.ts";
import { cameBack, didNotComeBack } from "./words.ts";

export const selfTestSettings = z.strictObject({
  /** The number of the modem's own card: the SMS goes out through the network and must come back. */
  number: z.string().regex(
    /^\+\d{6,15}$/,
    reason({
      fr: 'le numéro de la carte du modem elle-même, comme "+33612345678"',
      en: 'the number of the modem\'s own card, as "+33612345678"',
    }),
  ),
  day: z.enum(weekdays).default("mon"),
  at: clockTime.prefault("07:30"),
});

const KIND = "sms-self-test";
const LOOK_EVERY: Ms = 20 * SECOND;
const COMES_WITHIN: Ms = 10 * MINUTE;

const NOT_BACK: Text = {
  fr: `il n'est pas revenu en ${COMES_WITHIN / MINUTE} min`,
  en: `it did not come back within ${COMES_WITHIN / MINUTE} min`,
};

const lastTest = z.object({ date: z.string(), ok: z.boolean() });

/**
 * Once a week an SMS to itself: proves the card, the credit, the network and both directions. One that does not come back
 * within ten minutes is an alarm of the gateway, and is tried again every day until it does.
 */
export class SelfTest {
  readonly #given: z.output<typeof selfTestSettings>;
  readonly #context: NotifierContext;
  readonly #send: (to: string, text: string) => Promise<void>;
  readonly #works: Series;
  #last = { date: "", ok: true };
  #awaited: { token: string; arrived: () => void } | undefined;

  constructor(
    given: z.output<typeof selfTestSettings>,
    context: NotifierContext,
    send: (to: string, text: string) => Promise<void>,
  ) {
    this.#given = given;
    this.#context = context;
    this.#send = send;
    this.#works = context.meters.gauge("sms_self_test", "0 when the last SMS to itself did not come back", {
      notifier: context.id,
    });
    this.#works.value = 1;
  }

  /** True for the SMS that it sent to itself: nobody else's business. */
  heard(text: string): boolean {
    if (this.#awaited === undefined || !text.includes(this.#awaited.token)) return false;
    this.#awaited.arrived();
    return true;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cells, id, clock } = this.#context;
    this.#last = lastTest.safeParse((await cells.load(KIND)).get(id)).data ?? this.#last;
    this.#works.value = Number(this.#last.ok);
    while (!signal.aborted) {
      if (this.#isDue()) await this.#test(signal);
      await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
    }
  }

  #isDue(): boolean {
    const { clock, site } = this.#context;
    const now = wallTime(clock.now(), site.timezone);
    const today = this.#last.ok ? now.day === this.#given.day : true;
    return today && now.minute >= this.#given.at && now.date !== this.#last.date;
  }

  async #test(signal: AbortSignal): Promise<void> {
    const { clock, cells, say, id, site } = this.#context;
    const token = `VIGIE ${randomInt(100_000, 1_000_000)}`;
    const { promise: arrival, resolve: arrived } = Promise.withResolvers<void>();
    this.#awaited = { token, arrived };
    const { date } = wallTime(clock.now(), site.timezone);
    const why = await this.#outcome(token, arrival, signal);
    this.#awaited = undefined;
    if (signal.aborted) return;
    this.#last = { date, ok: why === undefined };
    this.#works.value = Number(this.#last.ok);
    if (why === undefined) say.info(`${id}: ${cameBack[site.language]}`);
    else say.error(`${id}: ${didNotComeBack(why)[site.language]}`);
    await cells.commit({ cells: [{ kind: KIND, key: id, value: this.#last }] }).catch(() => undefined);
  }

  /** What went wrong, or nothing. A modem that is not ready yet is asked again: it has the same ten minutes. */
  async #outcome(token: string, arrival: Promise<void>, signal: AbortSignal): Promise<Text | undefined> {
    const { clock } = this.#context;
    const patience = new AbortController();
    const stop = AbortSignal.any([signal, patience.signal]);
    let why = NOT_BACK;
    const late = clock.sleep(COMES_WITHIN, stop).then(
      () => why,
      () => undefined,
    );
    const send = async (): Promise<void> => {
      while (!stop.aborted) {
        try {
          await this.#send(this.#given.number, token);
          why = NOT_BACK;
          return;
        } catch (error) {
          why = textOf(error);
          await clock.sleep(LOOK_EVERY, stop).catch(() => undefined);
        }
      }
    };
    void send();
    const outcome = await Promise.race([arrival.then(() => undefined), late]);
    patience.abort();
    return outcome;
  }
}
