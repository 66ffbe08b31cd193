// How an overall sparsity is shared out among the layers.
import {ArgumentError, checkNumber} from "../core/errors.ts";
import type {Shape} from "../core/layer.ts";

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
 * Erdos-Renyi-kernel (Evci et al. 2020, RigL): a tensor's density is proportional to (sum(shape) / prod(shape))^power, so
 * that small tensors stay denser. Tensors that would exceed density 1 are kept dense and the rest shares the budget.
 *
 * @example
 * import {distributions} from "petri/pruning";
 *
 * const shapes = {"dense1/kernel": [784, 300], "dense2/kernel": [300, 100], "dense3/kernel": [100, 10]};
 * display(Inputs.table([distributions.uniform(shapes, 0.9), distributions.erdosRenyiKernel()(shapes, 0.9)]));
 */
export function erdosRenyiKernel(options: {power?: number} = {}): Distribution {
  const {power = 1} = options;
  return (shapes, sparsity) => {
    checkSparsity(sparsity);
    const names = Object.keys(shapes);
    const raw = (name: string) => {
      const shape = shapes[name] as Shape;
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

/** Throws unless a sparsity (share of zeros) is in [0, 1). */
export function checkSparsity(sparsity: number): void {
  checkNumber("sparsity", sparsity);
  if (sparsity < 0 || sparsity >= 1) {
    throw new ArgumentError(
      `sparsity is the share of weights that become zero: pass a number from 0 up to, not including, 1; got ${sparsity}.`
    );
  }
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
