import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Life,
  type LifeEvent,
  type Manner,
  move,
  newborn,
  type Process,
  shown,
} from "../../../gateway/alarms/lifecycle.ts";

/** A second telling of the same story, in OPC UA's orthogonal flags instead of named states. */
interface Model {
  cond: boolean;
  acked: boolean;
  latched: boolean;
  pending: boolean;
  covers: Set<string>;
  frozen: boolean;
  occurrence: number;
}

const processOf = ({ cond, acked, latched, pending }: Model): Process => {
  if (cond) return acked ? "acked" : "unacked";
  if (latched) return acked ? "latched-acked" : "latched-unacked";
  if (!acked) return "returned";
  return pending ? "pending" : "normal";
};

/** Moves the model; true when somebody must hear of it. */
function told(m: Model, event: LifeEvent, manner: Manner): boolean {
  const wasFrozen = m.frozen;
  switch (event.kind) {
    case "crossed":
      if (!wasFrozen && manner.delayed && processOf(m) === "normal") m.pending = true;
      return false;
    case "back":
      if (!wasFrozen) m.pending = false;
      return false;
    case "true":
      return !wasFrozen && !m.cond && rise(m, manner);
    case "false":
      if (!wasFrozen && m.cond) fall(m, manner);
      return false;
    case "ack":
      if (!m.acked) m.acked = true;
      return false;
    case "reset":
      if (!m.cond && m.latched && (m.acked || manner.resetImpliesAck)) over(m);
      return false;
    case "worse":
      if (m.cond) m.acked = false;
      return m.cond && m.covers.size === 0;
    case "realarm": {
      const calls = m.cond && m.acked;
      if (calls) m.acked = false;
      return calls && m.covers.size === 0;
    }
    default:
      return covered(m, event);
  }
}

function rise(m: Model, manner: Manner): boolean {
  Object.assign(m, { cond: true, acked: false, pending: false, latched: manner.latch, occurrence: m.occurrence + 1 });
  return m.covers.size === 0;
}

function fall(m: Model, manner: Manner): void {
  m.cond = false;
  const oneshot = m.covers.delete("oneshot");
  if (m.latched) return;
  if (m.acked || !manner.ackRequired || oneshot) over(m);
}

function over(m: Model): void {
  m.latched = false;
  m.acked = true;
}

function lifted(m: Model, ackedIfTrue: boolean): boolean {
  if (!m.cond) {
    if (!m.latched) m.acked = true;
    return false;
  }
  m.acked = ackedIfTrue;
  return !ackedIfTrue && m.covers.size === 0;
}

function covered(m: Model, event: LifeEvent): boolean {
  const shelved = m.covers.has("timed") || m.covers.has("oneshot");
  const unshelf = () => {
    m.covers.delete("timed");
    m.covers.delete("oneshot");
  };
  switch (event.kind) {
    case "shelve":
      unshelf();
      m.covers.add(event.shelf);
      return false;
    case "unshelve":
      unshelf();
      return shelved && lifted(m, true);
    case "shelf-over":
      unshelf();
      return shelved && lifted(m, false);
    case "suppress":
      m.covers.add(event.cause);
      m.covers.delete("settling");
      return false;
    case "unsuppress":
      if (m.covers.delete(event.cause) && !m.covers.has("link") && !m.covers.has("parent")) m.covers.add("settling");
      return false;
    case "settled":
      return m.covers.delete("settling") && lifted(m, false);
    case "oos":
      m.covers.add("oos");
      return false;
    case "return":
      return m.covers.delete("oos") && lifted(m, false);
    case "bad":
    case "good":
      m.frozen = event.kind === "bad";
      return false;
    default:
      return false;
  }
}

const plainKinds = [
  "crossed",
  "back",
  "true",
  "false",
  "ack",
  "reset",
  "worse",
  "realarm",
  "unshelve",
  "shelf-over",
] as const;
const moreKinds = ["settled", "oos", "return", "bad", "good", "boot"] as const;
const event: fc.Arbitrary<LifeEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...plainKinds).map((kind): LifeEvent => ({ kind })) },
  { weight: 3, arbitrary: fc.constantFrom(...moreKinds).map((kind): LifeEvent => ({ kind })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("timed" as const, "oneshot" as const)
      .map((shelf): LifeEvent => ({ kind: "shelve", shelf })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom("suppress" as const, "unsuppress" as const),
        fc.constantFrom("link" as const, "parent" as const),
      )
      .map(([kind, cause]): LifeEvent => ({ kind, cause })),
  },
);
const manner = fc.record({
  delayed: fc.boolean(),
  latch: fc.boolean(),
  ackRequired: fc.boolean(),
  resetImpliesAck: fc.boolean(),
});

test("whatever happens in whatever order, the table and the flags tell the same story", () => {
  fc.assert(
    fc.property(manner, fc.array(event, { maxLength: 60 }), (rule, events) => {
      let life: Life = newborn;
      const model: Model = {
        cond: false,
        acked: true,
        latched: false,
        pending: false,
        covers: new Set(),
        frozen: false,
        occurrence: 0,
      };
      for (const each of events) {
        const moved = move(life, each, rule);
        const loud = told(model, each, rule);
        const heard = moved !== undefined && !("refused" in moved) && moved.effects.includes("annunciate");
        if (moved && !("refused" in moved)) life = moved.life;
        expect({ process: life.process, cond: life.cond, occurrence: life.occurrence, heard }).toEqual({
          process: processOf(model),
          cond: model.cond,
          occurrence: model.occurrence,
          heard: loud,
        });
        expect(shown(life) === life.process).toBe(model.covers.size === 0);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a latched alarm is never over without a reset", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let life: Life = newborn;
      let risen = false;
      for (const each of events) {
        const moved = move(life, each, { delayed: false, latch: true, ackRequired: true, resetImpliesAck: false });
        if (!moved || "refused" in moved) continue;
        if (moved.life.occurrence > life.occurrence) risen = true;
        life = moved.life;
        if (each.kind === "reset") risen = false;
        if (risen) expect(life.process).not.toBe("normal");
      }
    }),
    { numRuns: 2_000 },
  );
});
