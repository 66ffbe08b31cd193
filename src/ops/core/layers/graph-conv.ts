import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type ActivationName, activationOf} from "../activations.ts";
import {ArgumentError, checkCount, checkNumber} from "../errors.ts";
import {glorotUniform, type Initializer, zeros} from "../initializers.ts";
import {expectShape, type Layer} from "../layer.ts";
import type {DenseParams} from "./dense.ts";

export interface GraphConvOptions {
  /** Number of features that come out for each node. */
  units: number;
  /** The normalised adjacency of one graph for every batch, [nodes, nodes]: see `gcnAdjacency`. It stays the caller's. */
  adjacency?: Tensor;
  /** The nonlinearity after the sum; none by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the bias out with false. */
  useBias?: boolean;
  kernelInit?: Initializer;
  biasInit?: Initializer;
}

/**
 * Graph convolution (Kipf & Welling 2017): activation(A x kernel + bias), A being the normalised adjacency. The graph is data, not a
 * parameter: give it to the factory where it is always the same one, or with each application as `context.adjacency`, [nodes, nodes]
 * or [batch, nodes, nodes], which goes before. One graph: [nodes, features] -> [nodes, units], its nodes being the batch;
 * several: [batch, nodes, features] -> [batch, nodes, units].
 *
 * @example
 * import {gcnAdjacency, graphConv, key, tf} from "petri/core";
 *
 * // A path of three nodes.
 * const adjacency = gcnAdjacency(3, [[0, 1], [1, 2]]);
 * const layer = graphConv({units: 2});
 * const params = layer.init(key(0), [4]);
 * display(Inputs.table(layer.apply(params, tf.ones([3, 4]), {adjacency}).arraySync()));
 */
export function graphConv(options: GraphConvOptions): Layer<DenseParams> {
  const {
    units,
    activation = "linear",
    useBias = true,
    kernelInit = glorotUniform,
    biasInit = zeros
  } = options;
  checkCount("units", units);
  const nonlinearity = activationOf(activation);
  const name = "graphConv";
  return {
    name,
    init(key, inputShape, path = name) {
      const features = inputShape.at(-1);
      const fits = (inputShape.length === 1 || inputShape.length === 2) && features !== undefined;
      expectShape(fits, path, "[features] or [nodes, features]", inputShape);
      const kernel = kernelInit(key.fold(0), [features, units]);
      return useBias ? {kernel, bias: biasInit(key.fold(1), [units])} : {kernel};
    },
    apply({kernel, bias}, x, context) {
      const path = context?.path ?? name;
      const [features] = kernel.shape;
      const fits = (x.rank === 2 || x.rank === 3) && x.shape.at(-1) === features;
      expectShape(fits, path, `[nodes, ${features}] or [batch, nodes, ${features}]`, x.shape);
      const adjacency = context?.adjacency ?? options.adjacency;
      if (!adjacency) {
        throw new ArgumentError(`${path} has no graph: pass {adjacency} to graphConv or as context.`);
      }
      expectAdjacency(adjacency, x, path);
      return tidy(() => {
        const flat = denseProduct(tf.reshape(x, [-1, features as number]), kernel, undefined, "linear");
        const sums = spread(adjacency, tf.reshape(flat, [...x.shape.slice(0, -1), units]));
        return nonlinearity(bias ? tf.add(sums, bias) : sums);
      });
    },
    outputShape: (shape) => [...shape.slice(0, -1), units],
    flops(shape) {
      const [nodes = 1] = shape.length === 2 ? shape : (options.adjacency?.shape ?? []);
      const each = 2 * (shape.at(-1) ?? 0) * units + 2 * nodes * units;
      return shape.length === 2 ? nodes * each : each;
    }
  };
}

/** Adjacency times features, [nodes, nodes] or a stack of them by [..., nodes, features]. */
function spread(adjacency: Tensor, x: Tensor): Tensor {
  if (adjacency.rank === x.rank) return batchProduct(adjacency, x);
  const [batch = 0, nodes = 0, features = 0] = x.shape;
  const sideBySide = tf.reshape(tf.transpose(x, [1, 0, 2]), [nodes, batch * features]);
  const sums = tf.reshape(batchProduct(adjacency, sideBySide), [nodes, batch, features]);
  return tf.transpose(sums, [1, 0, 2]);
}

function expectAdjacency(adjacency: Tensor, x: Tensor, path: string): void {
  const nodes = x.shape.at(-2);
  const [batch] = x.shape;
  const square = adjacency.shape.at(-1) === nodes && adjacency.shape.at(-2) === nodes;
  const stacked = adjacency.rank === 3 && x.rank === 3 && adjacency.shape[0] === batch;
  const expected = x.rank === 3 ? ` or [${batch}, ${nodes}, ${nodes}]` : "";
  expectShape(
    square && (adjacency.rank === 2 || stacked),
    `${path} (adjacency)`,
    `[${nodes}, ${nodes}]${expected}`,
    adjacency.shape
  );
}

/**
 * The symmetric normalised adjacency of an undirected graph with self-loops, D^-1/2 (A + I) D^-1/2 with D the degrees of A + I,
 * [nodes, nodes] (Kipf & Welling 2017). An edge is a pair of node numbers, given once in either direction; a third number is its weight, not negative.
 */
export function gcnAdjacency(
  nodes: number,
  edges: readonly (readonly [from: number, to: number, weight?: number])[]
): Tensor {
  checkCount("nodes", nodes);
  const values = new Float64Array(nodes * nodes);
  for (let node = 0; node < nodes; ++node) values[node * nodes + node] = 1;
  for (const [from, to, weight = 1] of edges) {
    for (const node of [from, to]) {
      if (!Number.isInteger(node) || node < 0 || node >= nodes) {
        throw new ArgumentError(`An edge must join nodes 0 to ${nodes - 1}, got [${from}, ${to}].`);
      }
    }
    checkNumber(`The weight of the edge [${from}, ${to}]`, weight, 0);
    if (from === to) continue;
    values[from * nodes + to] = weight;
    values[to * nodes + from] = weight;
  }
  const scales = Array.from({length: nodes}, (_, node) => {
    const degree = values.subarray(node * nodes, (node + 1) * nodes).reduce((sum, value) => sum + value, 0);
    return 1 / Math.sqrt(degree);
  });
  const normalised = Float32Array.from(
    values,
    (value, i) => value * (scales[Math.floor(i / nodes)] as number) * (scales[i % nodes] as number)
  );
  return tf.tensor(normalised, [nodes, nodes]);
}
