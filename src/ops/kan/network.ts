// A Kolmogorov-Arnold network in float64, as plain data: what one function computes from it the next can read, a worker
// can be sent it, and nothing changes it in place.

/** How many nodes of a level add their edges up, and how many multiply groups of them. */
export interface KanLevel {
  readonly sum: number;
  readonly multiply: number;
  /** Subnodes of each node that multiplies, where they are told one by one; the network's `arity` each otherwise. */
  readonly arities?: readonly number[];
}

/** What a symbolic edge computes: scale * f(inner * x + offset) + shift, with `name` one of `symbolicFunctions`. */
export interface SymbolicEdge {
  readonly name: string;
  readonly inner: number;
  readonly offset: number;
  readonly scale: number;
  readonly shift: number;
}

/**
 * One layer: an edge from each node of a level to each subnode of the next. Edge (i, j) computes
 * mask * (baseScale * base(x) + splineScale * sum_b coefficients_b B_b(x)) + symbolic(x); a subnode adds its edges up.
 */
export interface KanLayer {
  readonly inputs: number;
  /** Subnodes: the nodes that add, then those of each node that multiplies. */
  readonly outputs: number;
  /** Intervals of each grid. */
  readonly intervals: number;
  /** [inputs, intervals + 2 order + 1], ascending: grids with `order` knots beyond each end. */
  readonly knots: Float64Array;
  /** [inputs, outputs, intervals + order]. */
  readonly coefficients: Float64Array;
  /** [inputs, outputs]. */
  readonly baseScale: Float64Array;
  /** [inputs, outputs]. */
  readonly splineScale: Float64Array;
  /** [inputs, outputs], 1 where the numeric part of an edge is there, 0 where it is not; what is between weakens it. */
  readonly mask: Float64Array;
  /** [inputs, outputs], the symbolic part of an edge where it has one. */
  readonly symbolic: readonly (SymbolicEdge | null)[];
  /** [outputs]: each subnode's sum is multiplied by its scale and gets its bias added. */
  readonly subnodeScale: Float64Array;
  readonly subnodeBias: Float64Array;
  /** [nodes of the next level], the same after the multiplications. */
  readonly nodeScale: Float64Array;
  readonly nodeBias: Float64Array;
}

/** The residual function beside each spline. */
export type KanBase = "silu" | "identity" | "zero";

/** A network: levels of nodes with layers of edges between them. */
export interface KanNetwork {
  /** Inputs first. */
  readonly levels: readonly KanLevel[];
  /** Subnodes that a node multiplies, where its level does not say otherwise. */
  readonly arity: number;
  /** Degree of the splines. */
  readonly order: number;
  readonly base: KanBase;
  readonly layers: readonly KanLayer[];
}

/** Nodes of a level. */
export function nodeCount({sum, multiply}: KanLevel): number {
  return sum + multiply;
}

/** Subnodes of a level: one for each node that adds, and those that the others multiply. */
export function subnodeCount({sum, multiply, arities}: KanLevel, arity: number): number {
  return sum + (arities ? total(arities, multiply) : multiply * arity);
}

/** The subnodes of a node: its own, or the group that it multiplies. */
export function subnodesOf(
  {sum, arities}: KanLevel,
  arity: number,
  node: number
): {start: number; end: number} {
  if (node < sum) return {start: node, end: node + 1};
  const start = sum + (arities ? total(arities, node - sum) : (node - sum) * arity);
  return {start, end: start + (arities?.[node - sum] ?? arity)};
}

/** The sum of the first `count`. */
function total(values: readonly number[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; ++i) sum += values[i] as number;
  return sum;
}
