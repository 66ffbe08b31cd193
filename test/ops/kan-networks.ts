// Networks in float64 as the reference cases hold them, for tests.
import type {KanBase, KanLayer, KanNetwork, SymbolicEdge} from "../../src/ops/kan/network.ts";
import {float64} from "./kan-support.ts";
import type {Fixture, Stored} from "./support.ts";

type Tensors = Record<string, Stored>;

interface Sizes {
  inputs: number;
  outputs: number;
  nodes?: number;
  order: number;
}

/** A layer from the tensors whose names end in `suffix`; what is not there is as in a fresh network. */
export function storedLayer(from: Tensors, suffix: string, {inputs, outputs, nodes, order}: Sizes): KanLayer {
  const edges = inputs * outputs;
  const part = (name: string, count: number, value: number) =>
    from[name + suffix] ? float64(from[name + suffix]) : new Float64Array(count).fill(value);
  const knots = float64(from[`grid${suffix}`]);
  return {
    inputs,
    outputs,
    intervals: knots.length / inputs - 2 * order - 1,
    knots,
    coefficients: float64(from[`coef${suffix}`]),
    baseScale: float64(from[`scale_base${suffix}`]),
    splineScale: float64(from[`scale_sp${suffix}`]),
    mask: part("mask", edges, 1),
    symbolic: new Array<SymbolicEdge | null>(edges).fill(null),
    subnodeScale: part("subnode_scale", outputs, 1),
    subnodeBias: part("subnode_bias", outputs, 0),
    nodeScale: part("node_scale", nodes ?? outputs, 1),
    nodeBias: part("node_bias", nodes ?? outputs, 0)
  };
}

/** A network of a single layer, from a case of one. */
export function storedLayerNetwork({params, inputs}: Fixture): KanNetwork {
  const {
    in_dim,
    out_dim,
    k,
    base = "silu"
  } = params as {in_dim: number; out_dim: number; k: number; base?: KanBase};
  return {
    levels: [
      {sum: in_dim, multiply: 0},
      {sum: out_dim, multiply: 0}
    ],
    arity: 2,
    order: k,
    base,
    layers: [storedLayer(inputs, "", {inputs: in_dim, outputs: out_dim, order: k})]
  };
}

/** A network of several layers; with a prefix such as "after2_", of a case's outputs. */
export function storedNetwork(
  {params}: Pick<Fixture, "params">,
  from: Tensors,
  width: unknown = params.width,
  prefix = ""
): KanNetwork {
  const arity = (params.mult_arity as number | undefined) ?? 2;
  const order = (params.k as number | undefined) ?? 3;
  const levels = (width as (number | [number, number])[]).map((level) =>
    typeof level === "number" ? {sum: level, multiply: 0} : {sum: level[0], multiply: level[1]}
  );
  const own = Object.fromEntries(
    Object.entries(from).flatMap(([name, stored]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), stored]] : []
    )
  );
  const layers = levels.slice(1).map((level, l) => {
    const below = levels[l] as {sum: number; multiply: number};
    return storedLayer(own, `_${l}`, {
      inputs: below.sum + below.multiply,
      outputs: level.sum + arity * level.multiply,
      nodes: level.sum + level.multiply,
      order
    });
  });
  return {levels, arity, order, base: "silu", layers};
}

/** [rows, columns] as [columns, rows], `size` numbers an entry. */
export function transposed(values: ArrayLike<number>, rows: number, columns: number, size = 1): Float64Array {
  const out = new Float64Array(values.length);
  for (let r = 0; r < rows; ++r)
    for (let c = 0; c < columns; ++c)
      for (let i = 0; i < size; ++i)
        out[(c * rows + r) * size + i] = values[(r * columns + c) * size + i] as number;
  return out;
}
