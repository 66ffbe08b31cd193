import {ArgumentError, checkCount, checkOptions} from "../core/errors.ts";
import {
  type Context,
  inScope,
  type Layer,
  type LearningContext,
  type Shape,
  shapeAfter
} from "../core/layer.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {rowsOf} from "./block.ts";
import {checkClassNumbers, checkLayers} from "./checks.ts";
import type {Block, BlockGoodness, BlockParams, BlockPlace, LocalRule, Streams} from "./local-rule.ts";

export interface LocalNetworkOptions {
  /** What is trained apart, in order of application: a dense layer, or a `sequential` of several. A dense one at the beginning takes inputs of any shape as rows. */
  blocks: readonly Layer[];
  /** How each of them learns: monoForward(), say. */
  rule: LocalRule;
  /** Classes of the labels, at least 2. */
  classes: number;
}

/** Parameters by block: {block1: {layer, rule}, ...}; a rule's head, a classifier say, is one more child. */
export type LocalParams = Record<string, BlockParams | Params>;

/** What localNetwork makes: a layer, which also tells the goodness of positives and negatives where its rule has these. */
export interface LocalNetwork extends Layer<LocalParams> {
  /** Block by block, for a batch and its labels; negatives are drawn by the context's key. `goodnessReport` reads it. */
  goodness?(params: LocalParams, x: Tensor, y: Tensor, context: Context): readonly BlockGoodness[];
}

const optionNames: Readonly<Record<keyof LocalNetworkOptions, true>> = {
  blocks: true,
  rule: true,
  classes: true
};

/**
 * A network whose blocks each learn by a local rule, in one forward pass and without a gradient that crosses a block:
 * `fit(localNetwork({blocks, rule, classes}), data)` trains it, with a state of the optimizer for each block. Applied, it gives
 * the rule's scores of the classes, [batch, classes]. The rows of a training tell the sum of the blocks' losses, and each
 * block's own as loss1, loss2, ... Throws an ArgumentError without blocks, without a rule, and with fewer than two classes.
 *
 * @example
 * import {adam, dense, fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {localNetwork, monoForward} from "petri/forward-forward";
 *
 * const blocks = [64, 64].map((units) => dense({units, activation: "relu"}));
 * const model = localNetwork({blocks, rule: monoForward(), classes: 10});
 * const training = fit(model, await digits(), {steps: 60, logEvery: 20, optimizer: adam({learningRate: 0.01})});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function localNetwork(options: LocalNetworkOptions): LocalNetwork {
  const {blocks: layers, rule, classes} = checked(options);
  const {head} = rule;
  /** What the network is given: rows, where it begins with a dense layer. */
  const isFlat = layers[0]?.name === "dense";
  const rowed = (x: Tensor) => (isFlat ? rowsOf(x) : x);
  /** Whether blocks give the same in training and outside of it. */
  const isSteady = layers.every(({name}) => name === "dense");

  const places = (inputShape: Shape): BlockPlace[] => {
    const given = isFlat ? [inputShape.reduce((size, dim) => size * dim, 1)] : inputShape;
    let shape = rule.inputShape ? rule.inputShape(given, classes) : given;
    return layers.map((layer, index) => {
      const place = {
        index,
        count: layers.length,
        inputShape: shape,
        outputShape: shapeAfter(layer, shape),
        classes,
        next: layers[index + 1]
      };
      shape = place.outputShape;
      return place;
    });
  };
  const blocksOf = (params: LocalParams, inputShape: Shape): Block[] =>
    places(inputShape).map((place, index) => ({
      ...place,
      layer: layers[index] as Layer,
      params: params[nameOf(index)] as BlockParams
    }));
  const networkOf = (params: LocalParams, x: Tensor) => ({
    classes,
    blocks: blocksOf(params, x.shape.slice(1)),
    ...(head && {head: params[head.name] as Params})
  });
  const predict = (params: LocalParams, inputs: Tensor, context?: Context) =>
    inScope(context, (inner) => {
      const x = rowed(inputs);
      const network = networkOf(params, x);
      return rule.predict(network.blocks, x, {...inner, ...network, training: false});
    });

  function learn(params: LocalParams, inputs: Tensor, y: Tensor, context: LearningContext) {
    checkClassNumbers("localNetwork", inputs, y);
    const x = rowed(inputs);
    const losses: Tensor[] = [];
    const figures: Tensor[] = [];
    const network = networkOf(params, x);
    const ownContext = {...context, ...network, key: context.key?.fold(layers.length)};
    // Beforehand, because the parameters of blocks are freed with their updates.
    const scores: Tensor[] | undefined = context.wantsOutputs && rule.vote && isSteady ? [] : undefined;
    const given = context.wantsOutputs && !scores ? predict(params, x, context) : undefined;
    let streams = tidy(() => rule.begin(x, y, ownContext));
    for (const block of network.blocks) {
      const path = nameOf(block.index);
      const step = tidy(() => {
        const {updates, ...rest} = rule.step(block, streams, {
          ...context,
          ...network,
          path,
          key: context.key?.fold(block.index)
        });
        context.update(path, updates, true);
        return rest;
      });
      losses.push(step.loss);
      figures.push(...(step.figures ?? []));
      if (scores) scores.push(step.scores as Tensor);
      else step.scores?.dispose();
      leave(streams, [x, y, ...Object.values(step.streams)]);
      streams = step.streams;
    }
    if (head) {
      const loss = tidy(() => {
        const step = head.step(network.head as Params, streams, {...context, path: head.name});
        context.update(head.name, step.updates, true);
        return step.loss;
      });
      losses.push(loss);
    }
    return {
      loss: losses.length === 1 ? (losses[0] as Tensor) : tf.addN(losses),
      outputs: () => given ?? (scores ? (rule.vote?.(scores) as Tensor) : predict(params, x, context)),
      figures: [...losses, ...figures]
    };
  }

  return {
    name: "localNetwork",
    init(key, inputShape, path) {
      return tidy(() => {
        const all = places(inputShape);
        const params: LocalParams = {};
        for (const [index, place] of all.entries()) {
          const name = nameOf(index);
          const [own, rules] = key.fold(index).split(2) as [typeof key, typeof key];
          const layer = (layers[index] as Layer).init(own, place.inputShape, path ? `${path}/${name}` : name);
          params[name] = {layer, ...(rule.init && {rule: rule.init(rules, place)})};
        }
        if (head) params[head.name] = head.init(key.fold(layers.length), all);
        return params;
      });
    },
    apply: (params, x, context) => predict(params, x, context),
    outputShape: () => [classes],
    children: (inputShape) =>
      places(inputShape).map((place) => ({
        name: nameOf(place.index),
        layer: inPlace(layers[place.index] as Layer, place, rule),
        inputShape: place.inputShape
      })),
    learning: {figures: figureNames(layers.length, rule), classes, learn},
    ...(rule.goodness && {
      goodness(params: LocalParams, inputs: Tensor, y: Tensor, context: Context) {
        const x = rowed(inputs);
        return rule.goodness?.(x, y, {...context, ...networkOf(params, x), training: false}) ?? [];
      }
    })
  };
}

/** Frees what no later block is given: memory does not grow with the blocks. */
function leave(streams: Streams, except: readonly Tensor[]): void {
  for (const tensor of Object.values(streams)) if (!except.includes(tensor) && !tensor.kept) tensor.dispose();
}

/** A block as a container of its layer that keeps the rule's state. */
function inPlace(layer: Layer, place: BlockPlace, {name, initState}: LocalRule): Layer {
  return {
    name,
    init: (key, shape, path) => layer.init(key, shape, path),
    apply: (params, x, context) => layer.apply(params, x, context),
    ...(initState && {initState: (_, key) => initState(key, place)}),
    children: (inputShape) => [{name: "layer", layer, inputShape}]
  };
}

const nameOf = (index: number) => `block${index + 1}`;

function checked(options: LocalNetworkOptions): LocalNetworkOptions {
  checkOptions("localNetwork", options, optionNames);
  const {blocks, rule, classes} = options;
  if (!Array.isArray(blocks) || blocks.length === 0)
    throw new ArgumentError(
      'localNetwork needs at least one block, a layer such as dense({units: 64, activation: "relu"}); got none.'
    );
  checkLayers("blocks", blocks);
  if ([rule?.begin, rule?.step, rule?.predict].some((part) => typeof part !== "function"))
    throw new ArgumentError(`rule must be a local rule such as monoForward(), got ${String(rule)}.`);
  checkClasses(classes);
  return options;
}

/** @throws ArgumentError for fewer than two classes: a rule has to tell the right one from another. */
export function checkClasses(classes: number): void {
  checkCount("classes", classes);
  if (classes < 2)
    throw new ArgumentError(
      `classes must be at least 2, got ${classes}: a local rule tells the right class from others.`
    );
}

/** Losses first, the head's after those of the blocks, then what the rule tells of the first block, of the second, ... */
function figureNames(count: number, {figures = [], head}: LocalRule): string[] {
  const numbers = Array.from({length: count}, (_, i) => i + 1);
  const losses = [...numbers.map((n) => `loss${n}`), ...(head ? [`${head.name}Loss`] : [])];
  return [...losses, ...numbers.flatMap((n) => figures.map((name) => `${name}${n}`))];
}
