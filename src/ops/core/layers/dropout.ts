import {type Tensor, tf} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import type {Layer} from "../layer.ts";
import {bernoulli} from "../random.ts";

/**
 * While training, zeroes each number with probability `rate` and divides the others by 1 - rate; the identity otherwise
 * (Srivastava et al. 2014). Needs `context.key` while training.
 *
 * @example
 * import {dropout, key, tf} from "petri/core";
 *
 * const layer = dropout(0.5);
 * const x = tf.ones([10]);
 * display(layer.apply({}, x, {training: true, key: key(0)}).arraySync());
 * display(layer.apply({}, x).arraySync());
 */
export function dropout(rate: number): Layer<Record<never, never>> {
  checkNumber("rate", rate, 0, 1 - 2 ** -24);
  return {
    name: "dropout",
    init: () => ({}),
    apply(_params, x, context) {
      // A copy: whoever frees what comes out must not free what went in.
      if (!context?.training || rate === 0) return tf.clone(x);
      const {key} = context;
      if (!key)
        throw new ArgumentError(`${context.path ?? "dropout"} needs a key: pass {training: true, key}.`);
      return tf.tidy(() => dropped(x, bernoulli(key, 1 - rate, x.shape), rate));
    }
  };
}

/** x kept where `kept` is 1, divided by the share that is kept; 0 elsewhere. */
export function dropped(x: Tensor, kept: Tensor, rate: number): Tensor {
  return tf.mul(x, tf.div(kept, 1 - rate));
}
