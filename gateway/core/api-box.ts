import type { TimeQuality } from "./time.ts";

/** The HTTP contract, about the box itself: how it is, what it said, its backups, and who may speak to its broker. */

/** GET /system */
export interface SystemAnswer {
  version: string;
  node: string;
  hostname: string;
  /** Seconds since start. */
  uptime: number;
  clock: { now: number; quality: TimeQuality };
  memory: { rss: number | null; total: number };
  /** Bytes; `perDay` and `daysLeft` are null until the folder was watched for an hour, `daysLeft` also when it does not grow. */
  disk: { free: number; total: number; used: number | null; perDay: number | null; daysLeft: number | null };
  queues: Readonly<Record<string, number>>;
  log: "ok" | "degraded";
  /** Where releases are installed side by side: which ones, and the one before while a new one is on trial. */
  releases?: { installed: readonly string[]; before?: string };
}

/** GET /logs?level=&text=&limit=, newest first: the end of the gateway's own log. */
export interface LogLine {
  /** Counts up since the start. */
  n: number;
  t: number;
  level: "info" | "warning" | "error";
  text: string;
}

/**
 * POST /restore begins an upload, PUT /restore/{id}/{at} adds a piece, POST /restore/{id}/check looks the whole through, and
 * POST /restore/{id} puts it in place and starts anew.
 */
export interface RestoreAnswer {
  id: string;
  bytes: number;
}

/** GET /mqtt/clients */
export interface MqttClientAnswer {
  name: string;
  created: number;
  publish: readonly string[];
  subscribe: readonly string[];
  connected: readonly { id: string; name: string; address: string }[];
}

/** POST /mqtt/clients: the password is in this answer and nowhere else. */
export interface MqttClientMade {
  name: string;
  kind: string;
  password: string;
}
