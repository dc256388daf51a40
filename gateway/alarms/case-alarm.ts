import type { AlarmDesign } from "../core/alarm.ts";
import type { Finding } from "../core/detector.ts";
import type { MachineCase } from "./case.ts";
import type { Advice } from "./record.ts";

/** What the rule behind a case says to whoever comes. */
export const adviceOf = ({ cause, consequence, action }: AlarmDesign): Advice => ({ cause, consequence, action });

/** The case in one line, with its long form, what to look at first and what speaks for it beside it. */
export const told = (finding: Finding, about: MachineCase | undefined): Finding =>
  about && finding.active
    ? {
        ...finding,
        ...(about.point && { point: about.point }),
        text: about.text,
        details: finding.text,
        checks: about.checks,
        evidence: about.evidence.map((one) => one.text),
      }
    : finding;
