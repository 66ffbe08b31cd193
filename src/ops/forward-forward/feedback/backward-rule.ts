// Rules that send the output's error back by ways of their own, in place of the transposed kernels.
import {checkNumber, checkOptions} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import type {Layer, LearningContext, Shape} from "../../core/layer.ts";
import type {BatchLoss} from "../../core/task.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFlag, checkFunction} from "../checks.ts";
import {
  type Passed,
  type Stack,
  type StackLayerParams,
  type StackOptions,
  type StackParams,
  type StackPlace,
  stack,
  stackLayer,
  stackOptionNames
} from "../stack.ts";
import {withCosines} from "./cosines.ts";
import {classesBy, outputError} from "./output-error.ts";
import {stateOf} from "./state.ts";

/** What all rules of feedback may be told. */
export interface FeedbackOptions extends StackOptions {
  /** Outputs and labels -> the mean loss: cross-entropy for classes, mean squared error for targets by default. */
  loss?: BatchLoss;
  /** True: the rows of a training tell the cosine of each layer's update to the gradient (0 where one of them is zero), at the cost of a pass back. */
  cosines?: boolean;
}

/** The names of these options. */
export const feedbackOptionNames: Readonly<Record<keyof FeedbackOptions, true>> = {
  ...stackOptionNames,
  loss: true,
  cosines: true
};

/** A layer's parameters, and its learned feedback. */
export type FeedbackLayerParams = StackLayerParams & {feedback?: Tensor};

/** What a way back sees of a step. */
export interface WayBack {
  stack: Stack;
  params: Record<string, FeedbackLayerParams>;
  /** What the rule keeps by layer: its fixed feedback, or what `initState` gives. */
  state: Record<string, Params>;
  passed: Passed;
  /** The gradient of the mean loss by the outputs. */
  error: Tensor;
  /** What was sent back to the sums of the layer behind. */
  delta: Tensor;
}

/** In what the rules differ. Layers are counted from 0; the first has no feedback. */
export interface BackwardRule {
  name: string;
  /** Fixed feedback of a layer. */
  fixed?(place: StackPlace, key: Key): Tensor;
  /** What the rule keeps for a layer besides parameters, in the place of `fixed`; for the first layer too. */
  keeps?(place: StackPlace, key: Key, index: number): Params;
  /** Learned feedback of a layer: a parameter. */
  learned?(place: StackPlace, key: Key): Tensor;
  /** What comes to the output of layer `index - 1`, by the feedback of layer `index`. */
  upstream(index: number, way: WayBack): Tensor;
  /** What stands for the gradient of learned feedback, from that of the layer's kernel. */
  feedbackGrad?(kernelGrad: Tensor, layerName: string, way: WayBack): Tensor;
  /** Share of kernels and learned feedback that is added to what stands for their gradients. */
  decay?: number;
  /** What the gradient of a kernel is made with in the place of the layer's input; the input itself by default. */
  seen?(index: number, way: WayBack): Tensor;
  /** What the rule keeps after a step, where that changes. */
  nextState?(step: Omit<WayBack, "delta">): Params;
}

/** A network that learns by such a rule. */
export function backwardNetwork(options: FeedbackOptions, rule: BackwardRule): Layer<StackParams> {
  const {loss, cosines = false} = options;
  const layers = stack(options);
  const {name, fixed, keeps, learned, decay = 0} = rule;
  checkNumber("decay", decay, 0);
  /** A tensor for each layer but the first. */
  const each = (key: Key, inputShape: Shape, make: (place: StackPlace, key: Key) => Tensor) =>
    layers
      .places(inputShape)
      .flatMap((place, i) => (i === 0 ? [] : [[place.name, make(place, key.fold(i))] as const]));

  const initState = keeps
    ? (inputShape: Shape, key: Key): Params =>
        Object.fromEntries(
          layers.places(inputShape).map((place, i) => [place.name, keeps(place, key.fold(i), i)])
        )
    : fixed && ((inputShape: Shape, key: Key): Params => Object.fromEntries(each(key, inputShape, fixed)));

  function learn(params: StackParams, x: Tensor, y: Tensor, context: LearningContext) {
    const state = initState ? (stateOf(context, name) as Record<string, Params>) : {};
    const {loss: value, outputs} = tidy(() => {
      const passed = layers.forward(params, x);
      const last = layers.names.length - 1;
      const given = passed.activations[last] as Tensor;
      const {loss: value, error} = outputError(given, y, loss);
      let delta = layers.through(last, error, at(passed, last));
      const step = {stack: layers, params, state, passed, error};
      for (let i = last; i >= 0; --i) {
        const way = {...step, delta};
        const layerName = layers.names[i] as string;
        const own = params[layerName] as FeedbackLayerParams;
        const seen = rule.seen ? rule.seen(i, way) : (passed.inputs[i] as Tensor);
        const grads = layers.grads(i, own, seen, delta);
        const updates = withFeedback(grads, own, layerName, way);
        // Before the update: it may be the last that is seen of this layer's parameters.
        if (i > 0) delta = layers.through(i - 1, rule.upstream(i, way), at(passed, i - 1));
        context.update(layerName, updates);
      }
      if (rule.nextState) context.setState?.(context.path || name, rule.nextState(step));
      return {loss: value, outputs: given};
    });
    return {loss: value, outputs: () => outputs};
  }

  function withFeedback(
    grads: StackLayerParams,
    {kernel, feedback}: FeedbackLayerParams,
    layerName: string,
    way: WayBack
  ): FeedbackLayerParams {
    const decayed = (grad: Tensor, value: Tensor) =>
      decay === 0 ? grad : tf.add(grad, tf.mul(value, decay));
    const own = {...grads, kernel: decayed(grads.kernel, kernel)};
    if (!feedback || !rule.feedbackGrad) return own;
    return {...own, feedback: decayed(rule.feedbackGrad(grads.kernel, layerName, way), feedback)};
  }

  const base = stackLayer(name, layers);
  const network: Layer<StackParams> = {
    ...base,
    ...(learned && {
      init(key, inputShape, path) {
        const params = layers.init(key, inputShape, path) as Record<string, FeedbackLayerParams>;
        for (const [layerName, feedback] of each(key.fold(layers.names.length), inputShape, learned))
          params[layerName] = {...(params[layerName] as FeedbackLayerParams), feedback};
        return params;
      }
    }),
    ...(initState && {initState}),
    learning: {...classesBy(loss), learn}
  };
  return cosines ? withCosines(network, layers.names, loss) : network;
}

/** The sum and the activation of a layer in a pass. */
export function at({sums, activations}: Passed, index: number): {sum: Tensor; activation: Tensor} {
  return {sum: sums[index] as Tensor, activation: activations[index] as Tensor};
}

/** The options of a rule, its own being `more`. */
export function checkFeedbackOptions(
  of: string,
  options: FeedbackOptions,
  more: Record<string, true> = {}
): void {
  checkOptions(of, options, {...feedbackOptionNames, ...more});
  checkFunction("loss", options.loss, "softmaxCrossEntropy");
  checkFlag("cosines", options.cosines);
}
