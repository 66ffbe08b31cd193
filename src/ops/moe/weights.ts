import {ArgumentError} from "../core/errors.ts";
import type {Routing} from "./routing.ts";

/** A routing that was read back: a weight and an id for each choice or slot. */
interface ReadWeights {
  kind: Routing["kind"];
  weights: ArrayLike<number>;
  ids: ArrayLike<number>;
}

/** Throws where a weight is no number, and says whose; `width` choices are those of a token, or slots those of an expert. */
export function checkWeights({kind, weights, ids}: ReadWeights, width: number, of: string): void {
  const at = Array.from(weights).findIndex((weight) => !Number.isFinite(weight));
  if (at < 0) return;
  const token = kind === "choices" ? Math.floor(at / width) : ids[at];
  throw new ArgumentError(
    `${of} gives token ${token} the weight ${weights[at]}, because a logit of the router was NaN or infinite: what it comes to is no number. Pass finite tokens and router parameters; a training that diverged needs a smaller learning rate or a z-loss.`
  );
}
