import {html, type TemplateResult} from "lit";
import {repeat} from "lit/directives/repeat.js";
import {formatAgo, formatBytes} from "../format.ts";
import type {WorkspaceRun} from "./types.ts";
import {isOver} from "./words.ts";

/** Which runs are chosen. */
export interface RunSelection {
  has(runId: string): boolean;
  toggle(runIds: readonly string[], isOn: boolean): void;
}

/** The runs with their sizes, each with a box to choose it. */
export function runList(runs: readonly WorkspaceRun[], selection: RunSelection, now: number): TemplateResult {
  const over = runs.filter(isOver);
  const chosen = over.filter(({runId}) => selection.has(runId));
  const all = over.map(({runId}) => runId);
  return html`<table class="ws-runs">
      <thead>
        <tr>
          <th>${box(
            "Choose all runs",
            chosen.length > 0 && chosen.length === over.length,
            over.length === 0,
            (isOn) => selection.toggle(all, isOn)
          )}</th>
          <th scope="col">Run</th>
          <th scope="col" class="wide">Experiment</th>
          <th scope="col">When</th>
          <th scope="col" class="number">Size</th>
        </tr>
      </thead>
      <tbody>
        ${repeat(
          runs,
          ({runId}) => runId,
          (run) => row(run, selection, now)
        )}
      </tbody>
    </table>`;
}

function row(run: WorkspaceRun, selection: RunSelection, now: number): TemplateResult {
  const {runId, name, experiment, status, source, at, sizeBytes} = run;
  const came = source === "petri" ? "" : `from ${source}`;
  return html`<tr>
      <td>${box(`Choose ${name}`, selection.has(runId), !isOver(run), (isOn) => selection.toggle([runId], isOn))}</td>
      <td class="ws-name" title=${runId}>${name} <span class="ws-quiet">${[status === "completed" ? "" : status, came].filter(Boolean).join(", ")}</span></td>
      <td class="wide ws-quiet">${experiment}</td>
      <td class="ws-quiet" title=${at === null ? "" : new Date(at).toLocaleString()}>${at === null ? "" : formatAgo(at, now)}</td>
      <td class="number">${formatBytes(sizeBytes)}</td>
    </tr>`;
}

function box(
  label: string,
  isOn: boolean,
  isDisabled: boolean,
  toggle: (isOn: boolean) => void
): TemplateResult {
  return html`<input type="checkbox" aria-label=${label} .checked=${isOn} ?disabled=${isDisabled} @change=${(
    event: Event
  ) => toggle((event.target as HTMLInputElement).checked)} />`;
}
