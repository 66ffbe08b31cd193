import type {Tensor} from "../../tf.ts";
import {type Layer, type Shape, shapeAfter} from "../layer.ts";
import type {Params} from "../tree.ts";

/** Layers one after the other. Parameters are named by kind and count: {dense1: ..., dense2: ...}; layers without any are left out. */
export function sequential(layers: readonly Layer[]): Layer<Record<string, Params>> {
  const names = numbered(layers);
  const each = (visit: (layer: Layer, name: string, index: number) => void) =>
    layers.forEach((layer, i) => {
      visit(layer, names[i] as string, i);
    });
  return {
    name: "sequential",
    init(key, inputShape) {
      const params: Record<string, Params> = {};
      let shape = inputShape;
      each((layer, name, i) => {
        const own = layer.init(key.fold(i), shape);
        if (Object.keys(own).length > 0) params[name] = own;
        shape = shapeAfter(layer, shape);
      });
      return params;
    },
    apply(params, x, context) {
      let y: Tensor = x;
      each((layer, name, i) => {
        const path = context?.path ? `${context.path}/${name}` : name;
        y = layer.apply(params[name] ?? {}, y, {...context, path, key: context?.key?.fold(i)});
      });
      return y;
    },
    outputShape: (inputShape: Shape) => layers.reduce((shape, layer) => shapeAfter(layer, shape), inputShape)
  };
}

function numbered(layers: readonly Layer[]): string[] {
  const counts = new Map<string, number>();
  return layers.map(({name}) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${name}${count}`;
  });
}
