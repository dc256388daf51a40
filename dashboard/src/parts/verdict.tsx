import { useSignal } from "@preact/signals";
import type { AlarmProposal } from "../../../gateway/core/office.ts";
import { post } from "../http.ts";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { say, words } from "../words/index.ts";

const verdicts = ["right", "wrong", "known"] as const;

/** A person's word on what the machine's case says: it teaches the rules, and a wrong one proposes a concrete change. */
export function Verdict({ machine }: { machine: string }) {
  const w = words.value.verdict;
  const said = useSignal("");
  const proposals = useSignal<readonly AlarmProposal[]>([]);
  if (!may("maintenance")) return null;
  const judge = async (verdict: (typeof verdicts)[number]): Promise<void> => {
    try {
      proposals.value = await post<AlarmProposal[]>(`/machines/${encodeURIComponent(machine)}/verdict`, { verdict });
      said.value = w.thanks;
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  return (
    <fieldset class="verdict">
      <legend>{w.question}</legend>
      {verdicts.map((verdict) => (
        <button key={verdict} type="button" onClick={() => void judge(verdict)}>
          {w.words[verdict]}
        </button>
      ))}
      <p role="status">{said.value}</p>
      {proposals.value.map(({ rule, option, to, why }) => (
        <p key={rule + option} class="advice">
          <b>{words.value.figures.propose(rule, option, String(to))}</b> {say(why)}
        </p>
      ))}
    </fieldset>
  );
}
