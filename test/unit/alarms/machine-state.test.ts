import { describe, expect, test } from "vitest";
import { machineStateSettings, machineStates } from "../../../gateway/alarms/machine-state.ts";
import { HEARTBEAT, type MachineState } from "../../../gateway/core/detector.ts";
import type { Point, PointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, HOUR, MINUTE, type Ms, SECOND, steadyMs } from "../../../gateway/core/time.ts";

const power = (unit = "W", name = "power"): Point => ({
  id: `lathe/${name}`,
  machine: "lathe",
  signal: { name, unit, kind: "gauge", every: 5 * SECOND },
  driver: "d",
  device: "x",
});

/** A machine that is told what it draws, five seconds a reading. */
function machine(settings: unknown = {}, points: readonly Point[] = [power()]) {
  const learner = machineStates(points, machineStateSettings.parse(settings));
  let state = structuredClone(learner.initial);
  let [steady, seq] = [5_000_000, 0];
  const put = (item: Reading) => {
    const entry = Object.freeze({ seq: ++seq, boot: 1, steady: steadyMs(steady), tq: "synced" as const, item });
    state = learner.step(JSON.parse(JSON.stringify(state)), entry);
  };
  const self = {
    draw(watts: number, ms: Ms, point: PointId = "lathe/power") {
      const noise = (i: number) => 1 + 0.04 * Math.sin(i * 1.7);
      for (let i = 0; i < ms / 5_000; i++) {
        steady += 5_000;
        put(good(point, epochMs(steady), watts * noise(i)));
      }
      return self;
    },
    silence(ms: Ms) {
      for (let i = 0; i < ms / 5_000; i++) {
        steady += 5_000;
        put(bad("lathe/power", epochMs(steady), "timeout"));
        put(good(HEARTBEAT, epochMs(steady), 1));
      }
      return self;
    },
    get is(): MachineState {
      return learner.around(state).state;
    },
    get since() {
      return steady - learner.around(state).since;
    },
    get learning() {
      return learner.learning(state);
    },
    get source() {
      return learner.source;
    },
  };
  return self;
}

const aDay = (m: ReturnType<typeof machine>) => {
  m.draw(3, HOUR);
  for (let i = 0; i < 4; i++)
    m.draw(420, 10 * MINUTE)
      .draw(1_900, 30 * MINUTE)
      .draw(1_100, 10 * MINUTE);
  return m.draw(3, HOUR);
};

describe("the state of a machine", () => {
  test("is learned from its power: off, idle, running", () => {
    const lathe = aDay(machine());
    expect(lathe.is).toBe("off");
    expect(lathe.draw(420, MINUTE).is).toBe("idle");
    expect(lathe.draw(1_700, MINUTE).is).toBe("running");
    expect(lathe.draw(1_000, MINUTE).is).toBe("running");
    expect(lathe.draw(3, MINUTE).is).toBe("off");
  });

  test("is a transition until a new level has lasted, and has a beginning", () => {
    const lathe = aDay(machine());
    lathe.draw(1_900, 5 * SECOND);
    expect(lathe.is).toBe("transient");
    lathe.draw(1_900, MINUTE);
    expect([lathe.is, lathe.since]).toEqual(["running", 50 * SECOND]);
    // A peak of one reading is not a state.
    lathe.draw(3, 5 * SECOND).draw(1_900, 5 * SECOND);
    expect(lathe.is).toBe("transient");
    expect(lathe.draw(1_900, 30 * SECOND).is).toBe("running");
  });

  test("does not tremble when the power hovers at a border", () => {
    const lathe = machine({ off: 50, idle: 600 });
    lathe.draw(900, MINUTE);
    for (let i = 0; i < 50; i++) {
      lathe.draw(575, 5 * SECOND).draw(625, 5 * SECOND);
      expect(lathe.is).toBe("running");
    }
  });

  test("is unknown at first, without a signal that tells it, and while that signal is silent", () => {
    expect(machine().draw(500, 5 * MINUTE).is).toBe("unknown");
    const blind = machine({}, [power("bar", "pressure")]);
    expect([blind.source, blind.draw(5, HOUR, "lathe/pressure").is]).toEqual([undefined, "unknown"]);
    const lathe = aDay(machine());
    expect(lathe.silence(2 * MINUTE).is).toBe("unknown");
    expect(lathe.draw(3, MINUTE).is).toBe("off");
  });

  test("a pump that only knows one load is running, and is off when it is switched off", () => {
    const pump = machine().draw(750, DAY);
    // It may as well be a machine that is switched off and draws that much.
    expect(pump.is).toBe("unknown");
    expect(pump.draw(750, 2.1 * DAY).is).toBe("running");
    expect(pump.draw(0, MINUTE).is).toBe("off");
    const resting = machine().draw(0, HOUR).draw(750, HOUR);
    expect(resting.is).toBe("running");
  });

  test("prefers power to vibration, and what the site file names to both", () => {
    const both = [power("mm/s", "shake"), power("A", "current"), power("kW", "power")];
    expect(machine({}, both).source).toBe("lathe/power");
    expect(machine({ signal: "shake" }, both).source).toBe("lathe/shake");
  });

  test("says how far the learning is", () => {
    const { seen, needed } = machine().draw(500, DAY).learning;
    expect([Math.round(seen / DAY), needed]).toEqual([1, 7 * DAY]);
  });

  test("the same machine at a tenth of the power learns the same", () => {
    const small = machine();
    for (let i = 0; i < 4; i++)
      small
        .draw(42, 10 * MINUTE)
        .draw(190, 30 * MINUTE)
        .draw(0.3, HOUR);
    expect([small.is, small.draw(42, MINUTE).is, small.draw(190, MINUTE).is]).toEqual(["off", "idle", "running"]);
  });
});
