import {tf} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import type {Layer} from "../layer.ts";
import {bernoulli} from "../random.ts";

/**
 * While training, zeroes each number with probability `rate` and divides the others by 1 - rate; the identity otherwise
 * (Srivastava et al. 2014). Needs `context.key` while training.
 */
export function dropout(rate: number): Layer<Record<never, never>> {
  checkNumber("rate", rate, 0, 1 - 2 ** -24);
  return {
    name: "dropout",
    init: () => ({}),
    apply(_params, x, context) {
      if (!context?.training || rate === 0) return x;
      if (!context.key)
        throw new ArgumentError(`${context.path ?? "dropout"} needs a key: pass {training: true, key}.`);
      return tf.mul(x, tf.div(bernoulli(context.key, 1 - rate, x.shape), 1 - rate));
    }
  };
}
