import {html, nothing, svg} from "lit";
import {formatMetric} from "../run/format.ts";
import {metricLabel} from "../run/metric-names.ts";
import type {CurveStyle} from "./curve-style.ts";
import type {CurveGroup} from "./groups.ts";

interface LegendRequest {
  groups: readonly CurveGroup[];
  styles: ReadonlyMap<string, CurveStyle>;
  hidden: ReadonlySet<string>;
  /** The numbers of each chart's metric, by group. */
  metrics: readonly {key: string; values: ReadonlyMap<string, number>}[];
  isGrouped: boolean;
  toggle(id: string): void;
  solo(id: string): void;
  /** The entry is pointed at, or none any more. */
  point(id: string | null): void;
}

/** Which curve is which, with its numbers; a click hides a curve, "only" hides the others. */
export function legend({
  groups,
  styles,
  hidden,
  metrics,
  isGrouped,
  toggle,
  solo,
  point
}: LegendRequest): unknown {
  if (groups.length === 0) return nothing;
  return html`
    <div class="legend" @pointerleave=${() => point(null)} tabindex="-1">
      <table aria-label="Runs">
        ${
          metrics.length > 1
            ? html`<thead><tr><th></th>${metrics.map(({key}) => html`<th scope="col">${metricLabel(key)}</th>`)}<th></th></tr></thead>`
            : nothing
        }
        <tbody>${groups.map((group) => {
          const {id, label, runs} = group;
          const style = styles.get(id);
          const isHidden = hidden.has(id);
          return html`<tr class=${isHidden ? "hidden" : ""} @pointerenter=${() => point(isHidden ? null : id)}>
            <th scope="row"><button
              type="button"
              class="name"
              aria-pressed=${!isHidden}
              title=${isHidden ? "Show" : "Hide"}
              @click=${() => toggle(id)}
              @focus=${() => point(isHidden ? null : id)}
              @blur=${() => point(null)}
            ><svg width="20" height="10" aria-hidden="true">${svg`<path d="M1,5h18" stroke=${style?.color ?? ""} stroke-width="2.2" stroke-dasharray=${style?.dash.join(" ") || nothing} fill="none" />`}</svg><span>${label}${isGrouped && runs.length > 1 ? html` <small>${runs.length} runs</small>` : nothing}</span></button></th>
            ${metrics.map(({values}) => {
              const value = values.get(id);
              return html`<td>${value === undefined || isHidden ? "–" : formatMetric(value)}</td>`;
            })}
            <td class="only">${groups.length > 1 ? html`<button type="button" aria-label="Show only ${label}" title="Show only this, or all again" @click=${() => solo(id)}>only</button>` : nothing}</td>
          </tr>`;
        })}</tbody>
      </table>
    </div>
  `;
}
