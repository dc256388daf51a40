import type { MqttClient } from "mqtt";
import { SECOND } from "../core/time.ts";
import { Unheard, type Window } from "./window.ts";

/** A broker that accepts but acknowledges nothing for so long is as good as gone. */
const ACK_TIMEOUT = 10 * SECOND;
/** "No matching subscribers" (MQTT 5, 3.4.2.1). */
const NO_LISTENER = 16;

/** Calls `stuck` when messages fly and none was acknowledged for `ACK_TIMEOUT`. */
export function watchAcks(window: Window, stuck: () => void): NodeJS.Timeout {
  let acked = window.acked;
  let silent = 0;
  const timer = setInterval(() => {
    silent = window.flying > 0 && window.acked === acked ? silent + SECOND : 0;
    acked = window.acked;
    if (silent >= ACK_TIMEOUT) stuck();
  }, SECOND);
  timer.unref();
  return timer;
}

/**
 * A broker that lost its sessions takes messages for a listener that is not back yet, and MQTT 5 says so in the PUBACK.
 * mqtt.js keeps that to itself, so it is read off the packet. The function tells of an acknowledged message what is wrong.
 */
export function watchListeners(client: MqttClient, complaint: string): (packet?: object) => Error | undefined {
  const unheard = new Set<number>();
  client.on("packetreceive", (packet) => {
    if (packet.cmd === "puback" && packet.reasonCode === NO_LISTENER && packet.messageId !== undefined)
      unheard.add(packet.messageId);
  });
  return (packet) => {
    const id = packet && "messageId" in packet ? packet.messageId : undefined;
    return typeof id === "number" && unheard.delete(id) ? new Unheard(complaint, SECOND) : undefined;
  };
}
