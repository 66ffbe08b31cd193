import {html, LitElement, nothing, svg} from "lit";
import {customElement} from "lit/decorators.js";
import {goodnessStyles} from "./goodness-view.styles.ts";
import {type BlockHistogram, type Histograms, histogramsOf, median} from "./histograms.ts";
import type {BlockSummary, GoodnessViewOptions} from "./model.ts";

/** Of a histogram, and the margin that its labels need. */
const WIDTH = 300;
const HEIGHT = 96;
const FOOT = 16;

/** The goodness that each block of a network gives positives and negatives: two histograms a block, all on one scale. */
@customElement("petri-goodness-view")
export class PetriGoodnessView extends LitElement {
  static override styles = goodnessStyles;

  #blocks: readonly BlockSummary[] = [];
  #options: GoodnessViewOptions = {};

  /** Shows other goodness, of a later step say. */
  show(blocks: readonly BlockSummary[], options: GoodnessViewOptions): void {
    this.#blocks = blocks;
    this.#options = options;
    this.requestUpdate();
  }

  override render() {
    const blocks = this.#blocks;
    if (blocks.length === 0) return nothing;
    const {step} = this.#options;
    const histograms = histogramsOf(blocks);
    const hasThreshold = blocks.some(({threshold}) => threshold !== undefined);
    return html`<p>
        ${step === undefined ? nothing : html`<span>step ${step.toLocaleString("en")}</span>`}
        <span class="key positive">positives</span>
        <span class="key negative">negatives</span>
        ${hasThreshold ? html`<span class="key threshold">threshold</span>` : nothing}
      </p>
      <ol class="blocks">
        ${blocks.map((block, i) => this.#block(block, i, histograms))}
      </ol>`;
  }

  #block(block: BlockSummary, index: number, histograms: Histograms) {
    const {positive, negative, threshold, apart} = block;
    const {end, most} = histograms;
    const shares = histograms.blocks[index] as BlockHistogram;
    const medians = `${short(median(positive))} for positives, ${short(median(negative))} for negatives`;
    const across = (goodness: number) => (goodness / end) * WIDTH;
    const name = `Block ${index + 1}: ${percent(apart)} of pairs told apart; median goodness ${medians}`;
    return html`<li>
      <h4>Block ${index + 1}: ${percent(apart)} told apart</h4>
      <svg width=${WIDTH} height=${HEIGHT + FOOT} viewBox="0 0 ${WIDTH} ${HEIGHT + FOOT}" role="img" aria-label=${name}>
        <path class="negative" d=${outline(shares.negative, most)}></path>
        <path class="positive" d=${outline(shares.positive, most)}></path>
        ${
          threshold === undefined
            ? nothing
            : svg`<line class="threshold" x1=${across(threshold)} x2=${across(threshold)} y2=${HEIGHT}></line>`
        }
        <line class="axis" x2=${WIDTH} y1=${HEIGHT} y2=${HEIGHT}></line>
        <text y=${HEIGHT + 13}>0</text>
        <text x=${WIDTH / 2} y=${HEIGHT + 13} text-anchor="middle">goodness</text>
        <text x=${WIDTH} y=${HEIGHT + 13} text-anchor="end">${short(end)}</text>
      </svg>
      <small>median ${medians}</small>
    </li>`;
  }
}

/** The steps of a histogram, closed along the axis. */
function outline(shares: readonly number[], most: number): string {
  const width = WIDTH / shares.length;
  const steps = shares.map((share) => `V${(HEIGHT * (1 - share / most)).toFixed(1)}h${width}`);
  return `M0,${HEIGHT}${steps.join("")}V${HEIGHT}Z`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const short = (value: number) => Number(value.toPrecision(3)).toLocaleString("en");
