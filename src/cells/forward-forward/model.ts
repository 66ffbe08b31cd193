// What the view of goodness is told: plain data, as petri/forward-forward's goodnessReport gives it.

/** What one block makes of positives and negatives. */
export interface BlockSummary {
  readonly positive: ArrayLike<number>;
  readonly negative: ArrayLike<number>;
  /** Goodness above it stands for positive. */
  readonly threshold?: number;
  /** The share of pairs of a positive and a negative that are told apart, from 0 to 1. */
  readonly apart: number;
}

export interface GoodnessViewOptions {
  /** The step of the training, told above the histograms. */
  readonly step?: number;
}

/** Throws TypeError unless it is what goodnessReport gives. */
export function checkBlocks(blocks: readonly BlockSummary[]): void {
  const isBlock = (block: BlockSummary) =>
    block?.positive?.length > 0 && block.negative?.length > 0 && typeof block.apart === "number";
  if (Array.isArray(blocks) && blocks.length > 0 && blocks.every(isBlock)) return;
  throw new TypeError(
    "goodnessView shows blocks [{positive, negative, apart}], each with goodness of at least one positive and one negative: pass await goodnessReport(model, params, data), with goodnessReport from petri/forward-forward."
  );
}
