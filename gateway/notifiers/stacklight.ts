import { z } from "zod";
import type { Alarm, AlarmEvent, Priority } from "../core/alarm.ts";
import { reason, type Text, textOf } from "../core/text.ts";
import { DURATION_REASON, type Ms, parseDuration, SECOND } from "../core/time.ts";
import { defineNotifier, type NotifierContext } from "../plugin.ts";

const duration = (usual: string) =>
  z
    .string()
    .default(usual)
    .transform((written, refusal): Ms => {
      const ms = parseDuration(written);
      if (ms !== undefined) return ms;
      refusal.addIssue({ code: "custom", message: DURATION_REASON });
      return z.NEVER;
    });

const output = z.string().min(1).optional();

const options = z
  .strictObject({
    /** Ids of outputs that a driver declares. Nothing else is ever written. */
    red: output,
    amber: output,
    green: output,
    siren: output,
    /** The least priority that sounds the siren. */
    siren_from: z.enum(["high", "medium", "low"]).default("high"),
    /** Nobody bears a siren for longer; the red light stays. */
    siren_for: duration("3min"),
    /** A rule of class `event` on the silence button's input: the siren stops, the alarm stays. */
    silence_rule: z.string().optional(),
    /** Green blinks at this pace while the gateway watches. Green that stands still, or none, means that nobody does. */
    heartbeat: duration("2s"),
  })
  .refine(
    ({ red, amber, green, siren }) => red ?? amber ?? green ?? siren,
    reason({ fr: "donnez au moins une sortie", en: "name at least one output" }),
  );

function noLight(error: unknown): Text {
  const why = textOf(error);
  return {
    fr: `la colonne lumineuse ne répond pas : ${why.fr}`,
    en: `the stack light does not answer: ${why.en}`,
  };
}

type Options = z.output<typeof options>;
type Lamp = "red" | "amber" | "green" | "siren";

const rank = { high: 2, medium: 1, low: 0 } as const satisfies Record<Priority, number>;
/** Every output is written again so often: a module that lost its power comes back dark. */
const REFRESH: Ms = 10 * SECOND;

/**
 * A stack light on declared outputs, usually Modbus coils. Red: an alarm that nobody has seen. Amber: one that somebody
 * has, or that is over and unseen. Green: blinks while the gateway lives. Siren: a new alarm, until it is seen, silenced
 * or has sounded long enough.
 */
export default defineNotifier({
  options,
  outputs: ({ red, amber, green, siren }) => ({ red, amber, green, siren }),
  create(given, context) {
    const column = new Column(given, context);
    return {
      name: context.id,
      notify: async (event: AlarmEvent, signal: AbortSignal) => column.take(event, signal),
      run: (signal: AbortSignal) => column.run(signal),
      close: () => column.dark(),
    };
  },
});

class Column {
  readonly #given: Options;
  readonly #context: NotifierContext;
  readonly #shown = new Map<Lamp, number>();
  readonly #sounding = new Set<string>();
  #sirenUntil = 0;
  #beat = 0;

  constructor(given: Options, context: NotifierContext) {
    this.#given = given;
    this.#context = context;
  }

  async take(event: AlarmEvent, signal: AbortSignal): Promise<void> {
    const { alarm } = event;
    const loud = rank[alarm.priority] >= rank[this.#given.siren_from];
    if (event.alarm.rule === this.#given.silence_rule && alarm.active) this.#sounding.clear();
    else if (event.annunciated && loud) {
      this.#sounding.add(alarm.id);
      this.#sirenUntil = this.#context.clock.monotonic() + this.#given.siren_for;
    } else if (event.to !== "unacked" && event.to !== "latched-unacked") this.#sounding.delete(alarm.id);
    await this.#show(signal, false);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, say, id, site } = this.#context;
    let refreshed = Number.NEGATIVE_INFINITY;
    let told = false;
    while (!signal.aborted) {
      const again = clock.monotonic() - refreshed >= REFRESH;
      if (again) refreshed = clock.monotonic();
      this.#beat = 1 - this.#beat;
      try {
        await this.#show(AbortSignal.any([signal, AbortSignal.timeout(REFRESH)]), again);
        told = false;
      } catch (error) {
        if (!told && !signal.aborted) say.error(`${id}: ${noLight(error)[site.language]}`);
        told = true;
      }
      await clock.sleep(this.#given.heartbeat / 2, signal).catch(() => undefined);
    }
  }

  /** The end of the watch: no lamp pretends that somebody looks. */
  async dark(): Promise<void> {
    for (const lamp of ["siren", "red", "amber", "green"] as const)
      await this.#write(lamp, 0, AbortSignal.timeout(2 * SECOND)).catch(() => undefined);
  }

  async #show(signal: AbortSignal, again: boolean): Promise<void> {
    if (again) this.#shown.clear();
    const alarms = this.#context.alarms
      .list()
      .filter(({ level, class: kind }) => level === "alert" && kind === "alarm");
    const red = alarms.some(unseen);
    const amber = alarms.some(({ state }) => state === "acked" || state === "returned" || state === "latched-acked");
    if (this.#context.clock.monotonic() >= this.#sirenUntil) this.#sounding.clear();
    const wanted = {
      red: Number(red),
      amber: Number(amber),
      siren: Number(this.#sounding.size > 0),
      green: this.#beat,
    };
    for (const lamp of ["siren", "red", "amber", "green"] as const) await this.#write(lamp, wanted[lamp], signal);
  }

  async #write(lamp: Lamp, value: number, signal: AbortSignal): Promise<void> {
    const output = this.#context.outputs.get(this.#given[lamp] ?? "");
    if (!output || this.#shown.get(lamp) === value) return;
    await output.write(value, signal);
    this.#shown.set(lamp, value);
  }
}

const unseen = ({ state }: Alarm): boolean => state === "unacked" || state === "latched-unacked";
