import {ArgumentError, checkNumber} from "../../core/errors.ts";
import type {Initializer} from "../../core/initializers.ts";
import type {Key} from "../../core/key.ts";
import type {Layer, LearningContext, Shape} from "../../core/layer.ts";
import {bernoulli, uniform} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFlag, checkInitializer} from "../checks.ts";
import {type StackParams, type StackPlace, stack, stackLayer} from "../stack.ts";
import {checkFeedbackOptions, type FeedbackOptions} from "./backward-rule.ts";
import {withCosines} from "./cosines.ts";
import {classesBy} from "./output-error.ts";
import {pepitaGrads} from "./pepita-grads.ts";
import {stateOf} from "./state.ts";
import {type MirroringOptions, mirrored, mirroring} from "./weight-mirroring.ts";

export interface PepitaOptions extends FeedbackOptions {
  /** By how much the projection of the error is smaller than kernels that keep variance, 0.05 by default. */
  projectionScale?: number;
  /** Of the projection, [inputs, outputs]; uniform in +-projectionScale sqrt(6 / inputs) by default. */
  projectionInit?: Initializer;
  /** Share of the hidden units that are dropped in both passes of a step, none by default. */
  dropout?: number;
  /** Take the change of hidden layers to first order: adaptive feedback alignment, with kernels x projection as its feedback. */
  linearized?: boolean;
  /** Let the projection learn to mirror the kernels, for stacks of dense layers. */
  mirroring?: MirroringOptions;
}

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);

/**
 * PEPITA (Dellaferrera & Kreiman 2022): in place of a pass back, a second pass forward on x + F e, the error projected to the
 * input. Hidden layers learn from the difference of their two activations and the second pass's input, the last one from the
 * second pass's error. No biases unless `useBias` is true, as in the paper. `linearized` and `mirroring` are those of
 * Srinivasan, Mignacco, Sorbaro, Refinetti, Cooper, Kreiman, Dellaferrera (2023). Throws ArgumentErrors for shares outside of 0 to 1.
 *
 * @example
 * import {fit, sgd} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {pepita} from "petri/forward-forward";
 *
 * const model = pepita({layers: [100, 10], dropout: 0.1, cosines: true});
 * const optimizer = sgd({learningRate: 0.1, momentum: 0.9});
 * const training = fit(model, await digits(), {steps: 80, logEvery: 20, optimizer});
 * for await (const {step, loss, accuracy, cosine1} of training) display({step, loss, accuracy, cosine1});
 * training.dispose();
 */
export function pepita(options: PepitaOptions): Layer<StackParams> {
  checkFeedbackOptions("pepita", options, {
    projectionScale: true,
    projectionInit: true,
    dropout: true,
    linearized: true,
    mirroring: true
  });
  const {projectionScale = 0.05, dropout = 0, useBias = false, loss, linearized, cosines = false} = options;
  checkNumber("projectionScale", projectionScale, 0);
  checkNumber("dropout", dropout, 0, 1);
  if (dropout === 1) throw new ArgumentError("dropout must be below 1, got 1: nothing would be left.");
  checkFlag("linearized", linearized);
  const mirror = options.mirroring === undefined ? undefined : mirroring(options.mirroring, options);
  const layers = stack({...options, useBias});
  const {projectionInit = uniformWithin(projectionScale)} = options;

  checkInitializer("projectionInit", projectionInit);

  function masksFor(key: Key | undefined, x: Tensor): Tensor[] | undefined {
    if (dropout === 0) return undefined;
    if (!key) throw new ArgumentError("pepita drops units by the context's key: got none.");
    const places: StackPlace[] = layers.places(x.shape.slice(1));
    return places
      .slice(0, -1)
      .map(({outputShape}, i) =>
        tf.div(bernoulli(key.fold(i), 1 - dropout, [x.shape[0] as number, ...outputShape]), 1 - dropout)
      );
  }

  function learn(params: StackParams, x: Tensor, y: Tensor, context: LearningContext) {
    const state = stateOf(context, "pepita") as Record<string, Tensor>;
    const {loss: value, outputs} = tidy(() => {
      const projection = mirror
        ? mirrored(layers.names, state, projectionScale)
        : (state.projection as Tensor);
      const masks = masksFor(context.key, x);
      const step = pepitaGrads(layers, params, {x, y, projection, loss, masks, linearized});
      for (const [name, grads] of Object.entries(step.updates)) context.update(name, grads);
      if (mirror) context.setState?.(context.path || "pepita", mirror.step(layers, params, state, context));
      return {loss: step.loss, outputs: step.outputs};
    });
    const given = () => (dropout === 0 ? outputs : network.apply(params, x));
    return {loss: value, outputs: given};
  }

  const base = stackLayer("pepita", layers);
  const network: Layer<StackParams> = {
    ...base,
    initState(inputShape, key): Params {
      if (mirror) return mirror.init(layers.places(inputShape), key);
      return {projection: projectionInit(key, [sizeOf(inputShape), layers.outputs])};
    },
    learning: {...classesBy(loss), learn}
  };
  return cosines ? withCosines(network, layers.names, loss) : network;
}

/** +-scale sqrt(6 / inputs) for [inputs, outputs]. */
function uniformWithin(scale: number): Initializer {
  return (key, shape) => {
    const limit = scale * Math.sqrt(6 / (shape[0] as number));
    return uniform(key, shape, -limit, limit);
  };
}
