import type {Tensor} from "../tf.ts";
import {ShapeError} from "./errors.ts";
import type {Key} from "./key.ts";
import type {Params} from "./tree.ts";

/** Sizes of a tensor's dimensions. Layers speak of shapes without the batch dimension. */
export type Shape = readonly number[];

/** What a layer may want to know while it is applied. */
export interface Context {
  /** True while gradients are taken: dropout drops, batch norms use the batch. */
  training?: boolean;
  /** The source of randomness of this application; layers that need none ignore it. */
  key?: Key;
  /** Where the layer sits in the network, e.g. "dense1"; for messages. */
  path?: string;
}

/** A module in the manner of flax: parameters are made by `init` and passed to `apply`; the layer itself holds none. */
export interface Layer<P extends Params = Params> {
  /** Names the layer's parameters in the tree of a network: "dense" becomes "dense1", "dense2", ... */
  readonly name: string;
  /** Fresh parameters for inputs of this shape (without the batch). The caller owns them. */
  init(key: Key, inputShape: Shape): P;
  /** The output for a batch: [batch, ...inputShape] -> [batch, ...outputShape]. */
  apply(params: P, x: Tensor, context?: Context): Tensor;
  /** The shape of one output for one input; left out when it is the same. */
  outputShape?(inputShape: Shape): Shape;
}

/** The shape that comes out of a layer for one example. */
export function shapeAfter(layer: Layer, inputShape: Shape): Shape {
  return layer.outputShape ? layer.outputShape(inputShape) : inputShape;
}

/** Throws a ShapeError that says where, what was expected and what came. */
export function expectShape(
  condition: boolean,
  path: string,
  expected: string,
  got: Shape
): asserts condition {
  if (!condition)
    throw new ShapeError(`${path}: expected an input of shape ${expected}, got [${got.join(", ")}].`);
}
