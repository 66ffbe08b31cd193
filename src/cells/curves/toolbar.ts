import {html, nothing} from "lit";
import type {CurveRun} from "../../tables/curve-runs.ts";
import {metricLabel} from "../run/metric-names.ts";
import {differingParams} from "./groups.ts";
import {axisOf, type Band, type CurvesView} from "./options.ts";

interface ToolbarRequest {
  view: CurvesView;
  runs: readonly CurveRun[];
  change(change: Partial<CurvesView>): void;
}

/** The controls above the charts. */
export function toolbar({view, runs, change}: ToolbarRequest): unknown {
  const selected = ({currentTarget}: Event) => (currentTarget as HTMLSelectElement).value;
  const toggle = (label: string, name: string, isOn: boolean, to: Partial<CurvesView>) =>
    html`<button type="button" aria-pressed=${isOn} title=${name} @click=${() => change(to)}>${label}</button>`;
  return html`
    <div class="toolbar" role="toolbar" aria-label="Curves">
      <label class="smoothing"
        >smoothing
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          .value=${String(view.smoothing)}
          aria-label="Smoothing"
          @input=${({currentTarget}: Event) => change({smoothing: Number((currentTarget as HTMLInputElement).value)})}
        /><output>${view.smoothing.toFixed(2)}</output></label
      >
      <label>x <select aria-label="Horizontal axis" @change=${(event: Event) => change({x: axisChosen(selected(event))})}>${xOptions(view, runs)}</select></label>
      <span class="pair">${toggle("log x", "Logarithmic horizontal axis", view.logX, {logX: !view.logX})}${toggle("log y", "Logarithmic vertical axis", view.logY, {logY: !view.logY})}</span>
      ${groupControls(view, runs, change, selected)}
    </div>
  `;
}

function xOptions({x}: CurvesView, runs: readonly CurveRun[]): unknown {
  const metrics = new Set(runs.flatMap(({metrics}) => [...metrics.keys()]));
  if (typeof x === "object" && x !== null) metrics.add(x.key);
  const chosen = x === null ? "" : typeof x === "string" ? x : `metric ${x.key}`;
  const option = (value: string, label: string) =>
    html`<option value=${value} ?selected=${chosen === value}>${label}</option>`;
  return html`
    ${option("", "as declared")}${option("step", "step")}${option("relative", "seconds since start")}${option("time", "time")}
    ${[...metrics].sort().map((key) => option(`metric ${key}`, metricLabel(key)))}
  `;
}

function axisChosen(value: string): CurvesView["x"] {
  if (value === "") return null;
  return value.startsWith("metric ") ? {key: value.slice("metric ".length)} : axisOf(value);
}

function groupControls(
  {group, band}: CurvesView,
  runs: readonly CurveRun[],
  change: ToolbarRequest["change"],
  selected: (event: Event) => string
): unknown {
  const params = differingParams(runs);
  if (group.by === "param" && !params.includes(group.name)) params.push(group.name);
  if (runs.length < 2 && group.by === "run") return nothing;
  const chosen = group.by === "param" ? `param ${group.name}` : group.by;
  const option = (value: string, label: string) =>
    html`<option value=${value} ?selected=${chosen === value}>${label}</option>`;
  const groupChosen = (value: string): CurvesView["group"] =>
    value.startsWith("param ")
      ? {by: "param", name: value.slice("param ".length)}
      : {by: value as "run" | "seeds"};
  return html`
    <label>curves <select aria-label="What is one curve" @change=${(event: Event) => change({group: groupChosen(selected(event))})}>
      ${option("run", "each run")}${option("seeds", "seeds together")}${params.map((name) => option(`param ${name}`, `by ${name}`))}
    </select></label>
    ${
      group.by === "run"
        ? nothing
        : html`<label>band <select aria-label="Band around the mean" @change=${(event: Event) => change({band: selected(event) as Band})}>
            ${[
              ["minmax", "least to greatest"],
              ["std", "± 1 deviation"],
              ["none", "none"]
            ].map(
              ([value, label]) => html`<option value=${value} ?selected=${band === value}>${label}</option>`
            )}
          </select></label>`
    }
  `;
}
