// What a layer is that learns from what it is given and what it answers, and nothing else.
import type {Context, Layer} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";

/** A layer with a Hebbian rule: hebbianNetwork trains it. */
export interface HebbianLayer<P extends Params = Params> extends Layer<P> {
  /** Minus the change that the rule makes of a batch, which an optimizer goes down: sgd with the rule's learning rate. */
  hebbian(params: P, x: Tensor, context: Context): P;
}
