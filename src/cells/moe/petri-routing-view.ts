import {html, LitElement, nothing} from "lit";
import {customElement} from "lit/decorators.js";
import type {RoutingSummary, RoutingViewOptions} from "./model.ts";
import {moeStyles} from "./moe-views.styles.ts";

/** How a mixture of experts routes a dataset: its balance in figures, the load of its experts over the steps, and which expert computes which class. */
@customElement("petri-routing-view")
export class PetriRoutingView extends LitElement {
  static override styles = moeStyles;

  #report: RoutingSummary | undefined;
  #options: RoutingViewOptions = {};

  /** Shows another report. */
  show(report: RoutingSummary, options: RoutingViewOptions): void {
    this.#report = report;
    this.#options = options;
    this.requestUpdate();
  }

  override render() {
    const report = this.#report;
    if (!report) return nothing;
    return html`<p>${figuresOf(report).join(" · ")}</p>
      ${this.#loads(report)}
      ${report.labels.length > 0 ? specialisation(report) : nothing}`;
  }

  #loads({experts, load}: RoutingSummary) {
    const history = this.#options.history ?? [];
    if (history.length === 0) return nothing;
    const names = Array.from({length: experts}, (_, e) => e);
    const last = history[history.length - 1];
    return html`<div class="wide">
      <table class="load">
        <caption>
          Load of each expert, from step ${history[0]?.step} to ${last?.step}
        </caption>
        <tbody>
          ${names.map(
            (e) => html`<tr>
              <th scope="row">${e + 1}</th>
              ${history.map(
                (at) =>
                  html`<td
                    style=${heat((at.load[e] ?? 0) * experts * 0.5)}
                    title="step ${at.step}, expert ${e + 1}: ${percent(at.load[e] ?? 0)}"
                  ></td>`
              )}
              <th scope="row">${percent(load[e] ?? 0)}</th>
            </tr>`
          )}
        </tbody>
      </table>
    </div>`;
  }
}

function specialisation({labels, specialisation: rows, experts}: RoutingSummary) {
  const most = Math.max(1e-9, ...rows.flat());
  return html`<div class="wide">
    <table>
      <caption>
        Where each class goes, % of its choices
      </caption>
      <thead>
        <tr>
          <th scope="col">class</th>
          ${Array.from({length: experts}, (_, e) => html`<th scope="col">${e + 1}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row, i) => html`<tr>
            <th scope="row">${labels[i]}</th>
            ${row.map((share) => html`<td style=${heat(share / most)}>${Math.round(100 * share)}</td>`)}
          </tr>`
        )}
      </tbody>
    </table>
  </div>`;
}

function figuresOf({loadEntropy, routerEntropy, dropped, unrouted}: RoutingSummary): string[] {
  return [
    `load entropy ${loadEntropy.toFixed(2)}`,
    ...(routerEntropy === undefined ? [] : [`router entropy ${routerEntropy.toFixed(2)}`]),
    `dropped ${percent(dropped)}`,
    `without an expert ${percent(unrouted)}`
  ];
}

/** From nothing to the full hue, by a share of 1. Text stays readable on 55% of it. */
const heat = (share: number) =>
  `background: color-mix(in srgb, var(--heat) ${(55 * Math.min(1, Math.max(0, share))).toFixed(0)}%, transparent)`;

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
