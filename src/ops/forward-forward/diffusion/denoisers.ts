// Blocks that are each told the input and something noised, and share nothing.
import {ShapeError} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {type Child, type Context, type Layer, type Shape, shapeAfter} from "../../core/layer.ts";
import {dense} from "../../core/layers/dense.ts";
import {sequential} from "../../core/layers/sequential.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {rowsOf} from "../block.ts";
import {checkFunction, checkLayers} from "../checks.ts";

interface DenoisersOptions {
  /** Of the network, for messages. */
  name: string;
  count: number;
  /** Makes the network of a block, from [features, what is given beside them] to `outputs`. */
  block: (outputs: number) => Layer;
  /** Makes what tells a block the features of an input; it is flattened where there is none. */
  encoder?: (() => Layer) | undefined;
  /** Numbers that are given beside the features. */
  given: number;
  outputs: number;
}

/** The blocks of a network, numbered from 1. */
interface Denoisers {
  children(inputShape: Shape): Child[];
  /** Parameters by block: {block1: {encoder, body}, ...}. */
  init(key: Key, inputShape: Shape, path?: string): Record<string, Params>;
  /** What block t tells of the input and of `given`, [batch, given] -> [batch, outputs]. */
  told(t: number, params: Params, x: Tensor, given: Tensor, context: Context): Tensor;
}

/** The network of a block that is not given one: a hidden layer of 128. */
export const oneHidden = (outputs: number): Layer =>
  sequential([dense({units: 128, activation: "relu"}), dense({units: outputs})]) as Layer;

export const nameOf = (t: number): string => `block${t}`;

/** Fresh blocks. What they are called among the children is the path of their parameters. */
export function denoisers(options: DenoisersOptions): Denoisers {
  const {name, count, block, encoder, given: width, outputs} = options;
  checkFunction("block", block, "(outputs) => dense({units: outputs})");
  checkFunction("encoder", encoder, "() => flatten()");
  const bodies = Array.from({length: count}, () => block(outputs));
  const encoders = Array.from({length: count}, () => encoder?.());
  checkLayers("What block makes", bodies);
  if (encoder) checkLayers("What encoder makes", encoders as Layer[]);

  const children: Denoisers["children"] = (inputShape) =>
    bodies.flatMap((body, i) => {
      const own = encoders[i];
      const features = sizeOf(own ? shapeAfter(own, inputShape) : inputShape);
      const path = nameOf(i + 1);
      return [
        ...(own ? [{name: `${path}/encoder`, layer: own, inputShape}] : []),
        {name: `${path}/body`, layer: body, inputShape: [features + width]}
      ];
    });

  return {
    children,
    init(key, inputShape, path) {
      const params: Record<string, Record<string, Params>> = {};
      for (const [i, child] of children(inputShape).entries()) {
        const [owner, part] = child.name.split("/") as [string, string];
        const at = path ? `${path}/${child.name}` : child.name;
        params[owner] = {...params[owner], [part]: child.layer.init(key.fold(i), child.inputShape, at)};
      }
      return params;
    },
    told(t, params, x, given, context) {
      const {body, encoder: own} = params as Record<string, Params>;
      const at = (part: string, fold: number): Context => ({
        ...context,
        path: `${nameOf(t)}/${part}`,
        key: context.key?.fold(fold)
      });
      const features = encoders[t - 1]?.apply(own ?? {}, x, at("encoder", 0)) ?? x;
      const both = tf.concat([rowsOf(features), given], 1);
      const told = (bodies[t - 1] as Layer).apply(body ?? {}, both, at("body", 1));
      if (told.rank !== 2 || told.shape[1] !== outputs)
        throw new ShapeError(
          `${name}: a block must give [batch, ${outputs}], as the function that makes it is told; got [${told.shape.join(", ")}].`
        );
      return told;
    }
  };
}

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);
