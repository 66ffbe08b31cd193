// How an overall sparsity is shared out among the layers.
import {ArgumentError} from "../core/errors.ts";
import type {Shape} from "../core/layer.ts";
import {type PathFilter, pathFilter} from "../core/optimizers/path-filter.ts";
import {checkSparsity} from "./kept-counts.ts";

/** How an overall sparsity is shared out: parameter path -> its own sparsity. */
export type Distribution = (
  shapes: Readonly<Record<string, Shape>>,
  sparsity: number
) => Record<string, number>;

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);

/** The same sparsity everywhere. */
export const uniform: Distribution = (shapes, sparsity) => {
  checkSparsity(sparsity);
  return mapValues(shapes, () => sparsity);
};

/**
 * Erdos-Renyi (Mocanu et al. 2018, SET): a tensor's density is proportional to (in + out) / (in out), the last two
 * dimensions, so that small tensors stay denser. Tensors that would exceed density 1 are kept dense and the rest shares the budget.
 */
export function erdosRenyi(options: {power?: number} = {}): Distribution {
  return randomGraph((shape) => shape.slice(-2), options);
}

/**
 * Erdos-Renyi-kernel (Evci et al. 2020, RigL): erdosRenyi with all dimensions of a kernel, a density proportional to
 * (sum(shape) / prod(shape))^power.
 *
 * @example
 * import {distributions} from "petri/pruning";
 *
 * const shapes = {"dense1/kernel": [784, 300], "dense2/kernel": [300, 100], "dense3/kernel": [100, 10]};
 * display(Inputs.table([distributions.uniform(shapes, 0.9), distributions.erdosRenyiKernel()(shapes, 0.9)]));
 */
export function erdosRenyiKernel(options: {power?: number} = {}): Distribution {
  return randomGraph((shape) => shape, options);
}

/**
 * Sparsities by name: each parameter takes that of the first filter that matches its path, or the overall sparsity. Throws an
 * ArgumentError for a filter that matches none: it is misspelt.
 */
export function perLayer(sparsities: Readonly<Record<string, number>>): Distribution {
  const rules = Object.entries(sparsities).map(([filter, sparsity]) => {
    checkSparsity(sparsity, `the sparsity of ${filter}`);
    return {filter, matches: pathFilter(filter as PathFilter), sparsity};
  });
  return (shapes, sparsity) => {
    const names = Object.keys(shapes);
    const idle = rules.find(({matches}) => !names.some((name) => matches(name, undefined as never)));
    if (idle)
      throw new ArgumentError(
        `There is no prunable parameter "${idle.filter}"; there are ${names.join(", ")}.`
      );
    return mapValues(shapes, (_shape, name) => {
      const own = rules.find(({matches}) => matches(name, undefined as never))?.sparsity ?? sparsity;
      checkSparsity(own);
      return own;
    });
  };
}

/** Densities in proportion to (sum / product)^power of some of the dimensions. */
function randomGraph(dimensions: (shape: Shape) => Shape, options: {power?: number}): Distribution {
  const {power = 1} = options;
  return (shapes, sparsity) => {
    checkSparsity(sparsity);
    const names = Object.keys(shapes);
    const raw = (name: string) => {
      const shape = dimensions(shapes[name] as Shape);
      return (shape.reduce((sum, dim) => sum + dim, 0) / sizeOf(shape)) ** power;
    };
    const dense = new Set<string>();
    for (;;) {
      const sparse = names.filter((name) => !dense.has(name));
      const zeros = (name: string) => Math.floor(sizeOf(shapes[name] as Shape) * sparsity);
      const ones = (name: string) => sizeOf(shapes[name] as Shape) - zeros(name);
      const budget = total(sparse, ones) - total([...dense], zeros);
      const weight = total(sparse, (name) => raw(name) * sizeOf(shapes[name] as Shape));
      const scale = weight === 0 ? 0 : budget / weight;
      const highest = Math.max(...sparse.map(raw));
      if (sparse.length === 0 || highest * scale <= 1) {
        return mapValues(shapes, (_shape, name) => (dense.has(name) ? 0 : 1 - scale * raw(name)));
      }
      for (const name of sparse) if (raw(name) === highest) dense.add(name);
    }
  };
}

function total(names: readonly string[], f: (name: string) => number): number {
  return names.reduce((sum, name) => sum + f(name), 0);
}

function mapValues(
  shapes: Readonly<Record<string, Shape>>,
  f: (shape: Shape, name: string) => number
): Record<string, number> {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, f(shape, name)]));
}
