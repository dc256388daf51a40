/** What the attack is told, as JSON on its command line. */
export interface Attack {
  https: number;
  mqtt: number;
  mqtts: number;
  seconds: number;
  seed: number;
  /** The addresses that it comes from. */
  worms: readonly string[];
  /** What somebody has lost: an account of the broker, and a session of the page. */
  stolen: { name: string; password: string; topics: string; cookie: string };
}

/** What really went out. */
export interface Sent {
  /** How many of the five thousand came in once, and how often they came back. */
  idle: number;
  idleAgain: number;
  slow: number;
  huge: number;
  hugeTls: number;
  malformedMqtt: number;
  malformedMqtts: number;
  malformedHttps: number;
  frozen: number;
  frozenTls: number;
  unread: number;
  /** Connections that did not come about. */
  refused: number;
}

/** 10⁶ malformed packets in ten minutes, half of them MQTT and half HTTP. */
export const PER_SECOND = 1_000_000 / 600;
