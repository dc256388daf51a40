import { expect } from "vitest";

// Processes that a test starts inherit its name, for the sniffer on their wires.
process.env.VIGIE_TEST_FILE = expect.getState().testPath ?? "?";
