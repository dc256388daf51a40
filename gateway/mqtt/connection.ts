import type { Logger } from "pino";
import type { Meters } from "../core/meter.ts";
import type { Clock } from "../core/time.ts";
import type { EmbeddedBroker } from "../plugin.ts";
import { InsideConnection } from "./inside.ts";
import { RemoteConnection } from "./remote.ts";
import type { LinkOptions } from "./settings.ts";
import type { Outgoing } from "./window.ts";

/** Called for each message; the PUBACK goes out when what it returns has resolved, and not at all when it rejects. */
export type OnMessage = (topic: string, payload: Buffer, retained: boolean) => Promise<void> | void;

/** A connection to an MQTT broker that keeps itself alive. Opens at the first `publish` or `subscribe`. */
export interface MqttConnection {
  readonly connected: boolean;
  /** Resolves when every message has its PUBACK; rejects when there is no connection or it breaks meanwhile. */
  publish(messages: readonly Outgoing[], signal?: AbortSignal): Promise<void>;
  /** Holds from now on, over every reconnection. */
  subscribe(filter: string, onMessage: OnMessage): void;
  close(): Promise<void>;
}

export interface MqttParts {
  /** The plugin's id, for log lines and meters. */
  name: string;
  link: LinkOptions;
  /** The embedded broker: used where the link names no `url`. */
  broker: EmbeddedBroker | undefined;
  clientId: string;
  clock: Clock;
  say: Logger;
  meters: Meters;
  /** Keeps subscriptions and missed messages at the broker while we are away. */
  session?: boolean;
  /** A retained topic that says whether we are there: published at each connect, by the last will, and at `close`. */
  presence?: string;
  /** A message that nobody has subscribed to is not delivered (MQTT 5). */
  needsListener?: boolean;
  /** Called after each connect (discovery messages and the like). */
  onConnect?: () => void;
}

/** To the broker that the link names, or straight into the embedded one. */
export function connectMqtt(parts: MqttParts): MqttConnection {
  const { name, link, broker } = parts;
  if (link.url !== undefined) return new RemoteConnection(parts, link.url);
  if (!broker) throw new Error(`${name}: no broker: give it a url, or switch the embedded broker on`);
  return new InsideConnection(parts, broker);
}
