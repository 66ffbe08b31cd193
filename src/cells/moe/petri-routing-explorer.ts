import {html, LitElement, nothing, svg} from "lit";
import {customElement, state} from "lit/decorators.js";
import type {RoutedExample, RoutingExplorerOptions, RoutingExplorerValue} from "./model.ts";
import {moeStyles} from "./moe-views.styles.ts";

/** Sides of a small image and of the large one, and where experts stand. */
const SMALL = 32;
const LARGE = 160;
const WIDTH = 340;
const BOX = {x: 240, width: 96};

/**
 * Images to choose from; of the one that is chosen, the ways of its tokens to the experts that compute them, as strong as their
 * weights. A token that is chosen is looked at alone.
 *
 * @fires input - another image or token is looked at
 */
@customElement("petri-routing-explorer")
export class PetriRoutingExplorer extends LitElement {
  static override styles = moeStyles;

  @state() private chosen = 0;
  @state() private token: number | null = null;
  #examples: readonly RoutedExample[] = [];
  #experts = 0;

  /** Shows other examples, or others' routes. The one that is looked at stays, where it is still there. */
  show(examples: readonly RoutedExample[], {experts}: RoutingExplorerOptions): void {
    this.#examples = examples;
    this.#experts = experts;
    if (this.chosen >= examples.length) this.chosen = 0;
    if (this.token !== null && this.token >= (this.#example?.tokens.length ?? 0)) this.token = null;
    this.requestUpdate();
  }

  get value(): RoutingExplorerValue {
    return {example: this.chosen, token: this.token};
  }

  override render() {
    const example = this.#example;
    return html`<div class="examples" role="group" aria-label="Examples">
        ${this.#examples.map(
          (each, i) => html`<button
            aria-pressed=${i === this.chosen}
            aria-label="Example ${i + 1}: ${each.label}"
            @click=${() => this.#choose(i, null)}
          >
            <svg width=${SMALL} height=${SMALL}>${image(each, SMALL)}</svg>
          </button>`
        )}
      </div>
      ${example ? html`${this.#ways(example)}<p role="status">${this.#visits(example)}</p>` : nothing}`;
  }

  get #example(): RoutedExample | undefined {
    return this.#examples[this.chosen];
  }

  #ways(example: RoutedExample) {
    const {tokens} = example;
    const experts = this.#experts;
    const height = Math.max(LARGE, experts * 22);
    const top = (height - LARGE) / 2;
    const stripe = LARGE / tokens.length;
    const across = (expert: number) => ((expert + 0.5) / experts) * height;
    const shares = sharesOf(this.#shown(example), experts);
    return html`<svg width=${WIDTH} height=${height} viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="Ways of ${example.label}">
      <g transform="translate(0 ${top})">${image(example, LARGE)}</g>
      ${tokens.map((token, i) =>
        this.token !== null && i !== this.token
          ? nothing
          : token.experts.map((expert, c) => {
              const weight = Math.abs(token.weights[c] ?? 0);
              const y = top + (i + 0.5) * stripe;
              return svg`<path class="way" stroke-width="2" stroke-opacity=${Math.min(1, 0.15 + 0.85 * weight)}
                d="M${LARGE},${y}C${LARGE + 45},${y} ${BOX.x - 45},${across(expert)} ${BOX.x},${across(expert)}"></path>`;
            })
      )}
      ${tokens.map(
        (
          _,
          i
        ) => svg`<rect class="token" role="button" tabindex="0" width=${LARGE} height=${stripe} y=${top + i * stripe}
          aria-label="Token ${i + 1}" aria-pressed=${i === this.token}
          @click=${() => this.#choose(this.chosen, i === this.token ? null : i)}
          @keydown=${(event: KeyboardEvent) => this.#press(event, i)}></rect>`
      )}
      ${Array.from({length: experts}, (_, e) => {
        const y = across(e) - 9;
        return svg`<rect class="expert" x=${BOX.x} y=${y} width=${BOX.width} height="18" rx="3"></rect>
          <rect class="share" x=${BOX.x} y=${y} width=${BOX.width * (shares[e] ?? 0)} height="18" rx="3"></rect>
          <text x=${BOX.x + 6} y=${y + 13}>expert ${e + 1}</text>`;
      })}
    </svg>`;
  }

  #shown({tokens}: RoutedExample) {
    return this.token === null ? tokens : tokens.slice(this.token, this.token + 1);
  }

  /** Which experts, the most visited first, in words. */
  #visits(example: RoutedExample): string {
    const shares = sharesOf(this.#shown(example), this.#experts);
    const visited = shares.map((share, expert) => ({share, expert})).filter(({share}) => share > 0);
    visited.sort((a, b) => b.share - a.share);
    const who = this.token === null ? example.label : `${example.label}, token ${this.token + 1}`;
    const experts = visited.map(({share, expert}) => `expert ${expert + 1} (${Math.round(100 * share)}%)`);
    return `${who}: ${experts.join(", ") || "no expert"}`;
  }

  #choose(example: number, token: number | null): void {
    this.chosen = example;
    this.token = token;
    this.dispatchEvent(new Event("input", {bubbles: true}));
  }

  #press(event: KeyboardEvent, token: number): void {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.#choose(this.chosen, token === this.token ? null : token);
  }
}

/** The share of each expert in all weights of some tokens. */
function sharesOf(tokens: RoutedExample["tokens"], experts: number): number[] {
  const sums = new Array<number>(experts).fill(0);
  for (const {experts: chosen, weights} of tokens)
    chosen.forEach((expert, c) => {
      sums[expert] = (sums[expert] ?? 0) + Math.abs(weights[c] ?? 0);
    });
  const all = sums.reduce((a, b) => a + b, 0);
  return sums.map((sum) => (all > 0 ? sum / all : 0));
}

function image({pixels, width}: RoutedExample, side: number) {
  const rows = pixels.length / width;
  const [across, down] = [side / width, side / rows];
  return Array.from({length: pixels.length}, (_, i) => {
    const brightness = pixels[i] ?? 0;
    if (brightness <= 0) return nothing;
    const [x, y] = [(i % width) * across, Math.floor(i / width) * down];
    return svg`<rect class="pixel" x=${x} y=${y} width=${across} height=${down} opacity=${brightness}></rect>`;
  });
}
