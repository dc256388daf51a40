import { expect, test } from "vitest";
import { type Outgoing, Unheard, Window } from "../../../gateway/mqtt/window.ts";

/** A window whose broker says of each message, in order, whether somebody listened. */
const answering = (heard: readonly boolean[]) => {
  let next = 0;
  return new Window(4, (_, acked) => acked(heard[next++] ? undefined : new Unheard("nobody", 1_000)));
};
const to = (...topics: string[]): Outgoing[] => topics.map((topic) => ({ topic, payload: "" }));

test("who subscribes in the middle of a job has missed its beginning: it is not done", async () => {
  await expect(answering([false, false, true, true]).publish(to("a", "a", "a", "a"))).rejects.toThrow(Unheard);
});

test("somebody who listened and left holds nothing back", async () => {
  const window = answering([true, false, true]);
  await window.publish(to("a"));
  await window.publish(to("a", "b"));
});

test("a topic that nobody ever listens to keeps nothing back", async () => {
  await answering([false, true, false, true]).publish(to("b", "a", "b", "a"));
});

test("a job that nobody listened to at all is not done", async () => {
  await expect(answering([false, false]).publish(to("a", "b"))).rejects.toThrow(Unheard);
});
