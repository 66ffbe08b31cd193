import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {ArgumentError, checkCount, checkNumber, ShapeError} from "../../core/errors.ts";
import {type Initializer, varianceScaling} from "../../core/initializers.ts";
import type {Context} from "../../core/layer.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {RouterShape} from "../routing.ts";

/** Small weights, so that at first all experts are about as likely: a tenth of the usual variance, as Fedus et al. (2021) have it. */
export const routerInit: Initializer = varianceScaling({scale: 0.1});

/** Options that routers by a product have in common. */
export interface LinearRouterOptions {
  /** Multiplies what the router sees by uniform numbers from 1 - jitter to 1 + jitter while training; 0 by default. */
  jitter?: number;
  kernelInit?: Initializer;
}

/** Throws unless k experts can be had. */
export function checkChoices(k: number, {experts}: RouterShape, path: string): void {
  checkCount("k", k);
  if (k > experts)
    throw new ArgumentError(
      `${path}: k is ${k}, but there are ${experts} experts. Pass a k from 1 to ${experts}, or more experts.`
    );
}

/** The logits x kernel, [tokens, experts], of tokens that are shaken while training. */
export function linearLogits(
  kernel: Tensor,
  x: Tensor,
  {jitter = 0}: LinearRouterOptions,
  context: Context | undefined
): Tensor {
  const path = context?.path ?? "router";
  if (x.rank !== 2 || kernel.rank !== 2 || x.shape[1] !== kernel.shape[0])
    throw new ShapeError(
      `${path}: expected tokens of shape [tokens, ${kernel.shape[0]}] for a kernel [${kernel.shape.join(", ")}], got [${x.shape.join(", ")}].`
    );
  return tidy(() => denseProduct(shaken(x, jitter, context), kernel, undefined, "linear"));
}

/** x times uniform numbers from 1 - jitter to 1 + jitter, while training with a key; x itself otherwise. */
function shaken(x: Tensor, jitter: number, context: Context | undefined): Tensor {
  checkNumber("jitter", jitter, 0, 1);
  if (jitter === 0 || !context?.training) return x;
  return tf.mul(x, uniform(keyOf(context, "jitter"), x.shape, 1 - jitter, 1 + jitter));
}

/** The key of this application, for what is random in training. Throws where there is none. */
export function keyOf(context: Context, what: string) {
  if (context.key) return context.key;
  throw new ArgumentError(
    `${context.path ?? "router"} draws ${what} while training: pass a key in the context, {training: true, key: key(0)}.`
  );
}

/**
 * Throws where logits are no numbers, if they can be looked at: on webgpu they cannot without waiting, and in training the loss
 * tells. Weights of such tokens are no numbers either.
 */
export function checkLogits(logits: Tensor, context: Context | undefined): void {
  if (context?.training || tf.getBackend() === "webgpu") return;
  const at = logits.dataSync().findIndex((value) => Number.isNaN(value));
  if (at < 0) return;
  const [token, expert] = [Math.floor(at / (logits.shape[1] as number)), at % (logits.shape[1] as number)];
  throw new ArgumentError(
    `${context?.path ?? "router"}: the logit of token ${token} for expert ${expert} is NaN. Pass finite tokens and router parameters; a training that diverged needs a smaller learning rate or a z-loss.`
  );
}
