import type { Aedes, AedesPublishPacket } from "aedes";
import { Fault } from "../core/fault.ts";
import type { EmbeddedBroker } from "../plugin.ts";
import type { MqttConnection, MqttParts, OnMessage } from "./connection.ts";
import { presenceOf } from "./presence.ts";
import { type Outgoing, Window } from "./window.ts";

/** What the broker works on for us at any time. */
const WINDOW = 64;

/** The gateway's own way into the embedded broker: no socket, no packets, no password. Always there, gone with the gateway. */
export class InsideConnection implements MqttConnection {
  readonly connected = true;
  readonly #parts: MqttParts;
  readonly #broker: EmbeddedBroker;
  readonly #window: Window;
  readonly #leave: Promise<() => void>[] = [];

  constructor(parts: MqttParts, broker: EmbeddedBroker) {
    this.#parts = parts;
    this.#broker = broker;
    this.#window = new Window(WINDOW, (message, taken) => broker.publish(message, taken));
    parts.meters.gauge("mqtt_connected", "1 while the broker is reached", { link: parts.name }).value = 1;
    this.#say("online");
    // Not before the caller holds what it asked for.
    queueMicrotask(() => parts.onConnect?.());
  }

  async publish(messages: readonly Outgoing[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.#window.publish(messages);
  }

  subscribe(filter: string, onMessage: OnMessage): void {
    const { name, say, meters } = this.#parts;
    const notTaken = meters.counter("mqtt_not_taken_total", "Messages left to the broker", { link: name });
    const take: OnMessage = async (topic, payload, retained) => {
      try {
        await onMessage(topic, payload, retained);
      } catch (error) {
        notTaken.value += 1;
        say.debug(`${name}: a message on ${topic} was not taken: ${error instanceof Error ? error.message : error}`);
      }
    };
    this.#leave.push(this.#broker.subscribe(filter, take));
  }

  async close(): Promise<void> {
    await this.#say("offline");
    this.#window.break(new Fault("connection", `${this.#parts.name}: closing`));
    for (const leave of await Promise.all(this.#leave)) leave();
  }

  async #say(state: "online" | "offline"): Promise<void> {
    const { presence, clock } = this.#parts;
    if (!presence) return;
    const message = { topic: presence, payload: presenceOf(state, clock), retain: true };
    await this.#window.publish([message]).catch(() => undefined);
  }
}

/** The side of the broker: hands messages to aedes as a client of its own would, and takes them from it. */
export function insideOf(aedes: Aedes, url: string): EmbeddedBroker {
  return {
    url,
    publish({ topic, payload, retain = false, qos = 1 }, done) {
      aedes.publish({ cmd: "publish", topic, payload, qos, retain, dup: false }, (error) => done(error));
    },
    async subscribe(filter, take) {
      const hand = (packet: AedesPublishPacket, next: () => void) => {
        void Promise.resolve(take(packet.topic, bytes(packet.payload), false)).finally(next);
      };
      await new Promise<void>((done) => aedes.subscribe(filter, hand, done));
      for await (const packet of retainedOf(aedes, filter)) await take(packet.topic, bytes(packet.payload), true);
      return () => aedes.unsubscribe(filter, hand, () => undefined);
    },
  };
}

/** aedes hands out what it retains to clients alone; its memory hangs on the broker without a type. */
const retainedOf = (aedes: Aedes, filter: string): AsyncIterable<AedesPublishPacket> =>
  (
    aedes as unknown as { persistence: { createRetainedStream(filter: string): AsyncIterable<AedesPublishPacket> } }
  ).persistence.createRetainedStream(filter);

const bytes = (payload: string | Buffer): Buffer => (Buffer.isBuffer(payload) ? payload : Buffer.from(payload));
