import {type Tensor, tidy} from "../../tf.ts";
import {
  applyChild,
  type Child,
  initChild,
  inScope,
  type Layer,
  numbered,
  type Shape,
  shapeAfter
} from "../layer.ts";
import type {Params} from "../tree.ts";

/**
 * Layers one after the other. Parameters are named by kind and count: {dense1: ..., dense2: ...}; layers without any are left out.
 *
 * @example
 * import {dense, dropout, key, sequential, shapeAfter} from "petri/core";
 *
 * const model = sequential([dense({units: 32, activation: "relu"}), dropout(0.2), dense({units: 10})]);
 * display(Object.keys(model.init(key(0), [64])));
 * display(shapeAfter(model, [64]));
 */
export function sequential(layers: readonly Layer[]): Layer<Record<string, Params>> {
  const names = numbered(layers);
  const nameOf = (index: number) => names[index] as string;
  const children = (inputShape: Shape): Child[] => {
    let shape = inputShape;
    return layers.map((layer, i) => {
      const child = {name: nameOf(i), layer, inputShape: shape};
      shape = shapeAfter(layer, shape);
      return child;
    });
  };
  return {
    name: "sequential",
    init(key, inputShape, path) {
      // A layer whose shape does not fit must not leave those before it behind.
      return tidy(() => {
        const params: Record<string, Params> = {};
        let shape = inputShape;
        layers.forEach((layer, index) => {
          const name = nameOf(index);
          const own = initChild({layer, name, index}, key, shape, path);
          if (Object.keys(own).length > 0) params[name] = own;
          shape = shapeAfter(layer, shape);
        });
        return params;
      });
    },
    apply(params, x, context) {
      return inScope(context, (inner) =>
        layers.reduce((y: Tensor, layer, index) => {
          const name = nameOf(index);
          return applyChild({layer, name, index}, params[name] ?? {}, y, inner);
        }, x)
      );
    },
    outputShape: (inputShape: Shape) => layers.reduce((shape, layer) => shapeAfter(layer, shape), inputShape),
    children,
    withChildren: (others) => sequential(others) as Layer
  };
}
