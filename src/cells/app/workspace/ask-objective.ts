import {html} from "lit";
import {ask} from "../dialogs.ts";
import type {Objective} from "./types.ts";

/** Metrics of which more is better, by their usual names. */
const isGain = /acc|auc|f1|score|reward|return|precision|recall|r2|bleu|iou|psnr/i;

/** Asks what runs optimise; null when there was no answer. */
export async function askObjective(metrics: readonly string[]): Promise<Objective | null> {
  const goalOf = (metric: string) => (isGain.test(metric) ? "maximize" : "minimize");
  const objective: Objective = {metric: metrics[0], goal: goalOf(metrics[0])};
  const body = html`<p>Optuna's studies optimise a metric. These runs do not say which of theirs that is.</p>
    <div class="ws-objective">
      <label>Metric
        <select autofocus @change=${(event: Event) => {
          const select = event.target as HTMLSelectElement;
          objective.metric = select.value;
          objective.goal = goalOf(select.value);
          const goal = select.closest("div")?.querySelector<HTMLSelectElement>("select[name=goal]");
          if (goal) goal.value = objective.goal;
        }}>
          ${metrics.map((metric) => html`<option value=${metric}>${metric}</option>`)}
        </select>
      </label>
      <label>Goal
        <select name="goal" @change=${(event: Event) => {
          objective.goal = (event.target as HTMLSelectElement).value as Objective["goal"];
        }}>
          <option value="minimize" ?selected=${objective.goal === "minimize"}>minimize</option>
          <option value="maximize" ?selected=${objective.goal === "maximize"}>maximize</option>
        </select>
      </label>
    </div>
    <p>A call such as <code>train(fn, {metrics: {${metrics[0]}: {goal: "${objective.goal}"}}})</code> says it once for all.</p>`;
  const answer = await ask({
    title: "What is optimised?",
    body,
    choices: [
      {label: "Cancel", value: false},
      {label: "Export", value: true, kind: "brand"}
    ]
  });
  return answer?.value ? objective : null;
}
