import { useSignal } from "@preact/signals";
import type { AlarmProposal, RuleEdits } from "../../../gateway/core/office.ts";
import { numberShown } from "../format.ts";
import { post } from "../http.ts";
import { type Proposal, proposed, refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { say, words } from "../words/index.ts";
import { Changes } from "./commission-changes.tsx";

/** One change that would make a rule bearable: said in words, seen as lines of the site file, applied with one click. */
export function Propose({ of: { rule, option, to, why } }: { of: AlarmProposal }) {
  const w = words.value.propose;
  const said = useSignal("");
  const proposal = useSignal<Proposal | null>(null);
  const amount = typeof to === "number" ? numberShown(to, "1") : String(to);
  const see = async (): Promise<void> => {
    try {
      const { edits } = await post<RuleEdits>(`/rules/${encodeURIComponent(rule)}/edits`, { option, to });
      proposal.value = await proposed(edits);
      said.value = "";
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  return (
    <li class="proposal">
      <span>
        <b>{rule}</b>, {w.options[option]?.(amount) ?? words.value.figures.propose(rule, option, amount)}
        <small>{say(why)}</small>
      </span>
      {may("integrator") && !proposal.value && (
        <button type="button" onClick={() => void see()}>
          {w.apply}
        </button>
      )}
      {proposal.value && (
        <div class="proposal-change">
          <Changes
            proposal={proposal.value}
            done={() => {
              proposal.value = null;
              said.value = w.done;
            }}
          />{" "}
          <button
            type="button"
            class="quiet"
            onClick={() => {
              proposal.value = null;
            }}
          >
            {w.close}
          </button>
        </div>
      )}
      {said.value && <p role="status">{said.value}</p>}
    </li>
  );
}
