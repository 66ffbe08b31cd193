import {tf, tidy} from "../../tf.ts";
import {ShapeError} from "../errors.ts";
import {applyChild, initChild, inScope, type Layer, type Shape, shapeAfter} from "../layer.ts";
import type {Params} from "../tree.ts";
import {sequential} from "./sequential.ts";

/** Parameters of a residual block, each where its part has any. */
export type ResidualParams = {body?: Params; shortcut?: Params};

/**
 * y = shortcut(x) + body(x) (He et al. 2016). The body is a layer or several one after the other; the shortcut is the identity, or a
 * layer that gives x the body's shape. [batch, ...shape] -> [batch, ...shape of the body]. Throws a ShapeError when the two
 * parts differ in shape.
 *
 * @example
 * import {dense, key, residual, tf, tree} from "petri/core";
 *
 * const block = residual([dense({units: 8, activation: "relu"}), dense({units: 4})]);
 * const params = block.init(key(0), [4]);
 * display(tree.entries(params).map(({path}) => path));
 * display(block.apply(params, tf.ones([2, 4])).shape);
 */
export function residual(
  body: Layer | readonly Layer[],
  options: {shortcut?: Layer} = {}
): Layer<ResidualParams> {
  const main: Layer = Array.isArray(body) ? sequential(body) : (body as Layer);
  const {shortcut} = options;
  const parts: {name: "body" | "shortcut"; layer: Layer; index: number}[] = [
    {name: "body", layer: main, index: 0}
  ];
  if (shortcut) parts.push({name: "shortcut", layer: shortcut, index: 1});
  const name = "residual";
  return {
    name,
    init(key, inputShape, path = name) {
      return tidy(() => {
        const params: ResidualParams = {};
        for (const part of parts) {
          const own = initChild(part, key, inputShape, path);
          if (Object.keys(own).length > 0) params[part.name] = own;
        }
        checkSums(path, main, shortcut, inputShape);
        return params;
      });
    },
    apply(params, x, context) {
      return inScope(context, (inner) => {
        const [y, short = x] = parts.map((part) => applyChild(part, params[part.name] ?? {}, x, inner));
        const path = context?.path ?? name;
        if (!y || y.shape.join() !== short.shape.join()) {
          throw differ(path, y?.shape ?? [], short.shape);
        }
        return tf.add(y, short);
      });
    },
    outputShape: (inputShape) => shapeAfter(main, inputShape),
    children: (inputShape) => parts.map(({name, layer}) => ({name, layer, inputShape})),
    flops: (inputShape) => shapeAfter(main, inputShape).reduce((size, dim) => size * dim, 1),
    withChildren: ([other = main, short]) => residual(other, {...(short && {shortcut: short})}) as Layer
  };
}

function checkSums(path: string, body: Layer, shortcut: Layer | undefined, inputShape: Shape): void {
  const main = shapeAfter(body, inputShape);
  const short = shortcut ? shapeAfter(shortcut, inputShape) : inputShape;
  if (main.join() !== short.join()) throw differ(path, main, short);
}

function differ(path: string, body: Shape, shortcut: Shape): ShapeError {
  return new ShapeError(
    `${path}: the body gives [${body.join(", ")}], the shortcut [${shortcut.join(", ")}]; they must be the same to be added. Pass {shortcut: a layer that gives the body's shape}.`
  );
}
