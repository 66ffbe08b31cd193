import {type Tensor, tidy} from "../../tf.ts";
import {ArgumentError} from "../errors.ts";
import {entries, map, type Params} from "../tree.ts";
import {type Optimizer, type OptimizerState, stepOptimizer} from "./optimizer.ts";
import {type PathFilter, pathFilter} from "./path-filter.ts";

type Leaves = Record<string, Tensor>;

/**
 * Different optimizers for different parameters: each parameter goes to the first rule whose filter matches its path,
 * `perPath([["embedding", freeze()], ["*bias", adam()], ["*", adamw({weightDecay: 0.1})]])`. Throws an ArgumentError for a
 * parameter without a rule, and for a rule before the last that matches nothing: it is misspelt.
 *
 * @example
 * import {adam, freeze, key, mlp, perPath, stepOptimizer, tree} from "petri/core";
 *
 * const optimizer = perPath([["dense1", freeze()], ["*", adam()]]);
 * const params = mlp([2, 4, 2]).init(key(0));
 * const {params: next} = stepOptimizer(optimizer, params, optimizer.init(params), params);
 * const moved = ({path, leaf}, i) => ({path, moved: leaf.sub(tree.leaves(params)[i]).abs().max().arraySync()});
 * display(Inputs.table(tree.entries(next).map(moved)));
 */
export function perPath(rules: readonly (readonly [PathFilter, Optimizer])[]): Optimizer {
  if (rules.length === 0) throw new ArgumentError("perPath needs at least one rule, [filter, optimizer].");
  const filters = rules.map(([filter]) => pathFilter(filter));
  const optimizers = rules.map(([, optimizer]) => optimizer);
  const ruleOf = (path: string, param: Tensor) => filters.findIndex((matches) => matches(path, param));

  const groups = (tree: Params, params: Params): Leaves[] => {
    const parts: Leaves[] = rules.map(() => ({}));
    map(
      (leaf: Tensor, path, param) => {
        (parts[ruleOf(path, param as Tensor)] as Leaves)[path] = leaf;
      },
      tree,
      params
    );
    return parts;
  };
  const join = (parts: readonly Params[], like: Params): Params =>
    map((param: Tensor, path) => (parts[ruleOf(path, param)] as Leaves)[path] as Tensor, like);
  const check = (params: Params) => {
    const all = entries<Tensor>(params);
    const paths = all.map(({path}) => path).join(", ");
    const lost = all.find(({path, leaf}) => ruleOf(path, leaf) < 0);
    if (lost)
      throw new ArgumentError(`perPath has no rule for "${lost.path}". Add a last rule ["*", optimizer].`);
    const idle = filters
      .slice(0, -1)
      .findIndex((matches) => !all.some(({path, leaf}) => matches(path, leaf)));
    if (idle >= 0) {
      throw new ArgumentError(`The rule ${String(rules[idle]?.[0])} of perPath matches none of ${paths}.`);
    }
  };

  const stateOf = (state: OptimizerState, i: number) => (state as OptimizerState[])[i] as OptimizerState;

  return {
    start: (params, state) => {
      const parts = groups(params, params);
      return join(
        parts.map((part, i) => optimizers[i]?.start?.(part, stateOf(state, i)) ?? part),
        params
      );
    },
    isIrregular: (state) => optimizers.some((each, i) => each.isIrregular?.(stateOf(state, i))),
    init(params) {
      check(params);
      return groups(params, params).map((part, i) => (optimizers[i] as Optimizer).init(part));
    },
    update: (grads, state, params) =>
      tidy(() => {
        const parts = groups(params, params);
        const each = groups(grads, params).map((part, i) =>
          (optimizers[i] as Optimizer).update(part, stateOf(state, i), parts[i] as Leaves)
        );
        return {
          updates: join(
            each.map(({updates}) => updates),
            params
          ),
          state: each.map((next) => next.state)
        };
      }),
    step: (grads, state, params) =>
      tidy(() => {
        const parts = groups(params, params);
        const each = groups(grads, params).map((part, i) =>
          stepOptimizer(optimizers[i] as Optimizer, part, stateOf(state, i), parts[i] as Leaves)
        );
        return {
          params: join(
            each.map((next) => next.params),
            params
          ),
          state: each.map((next) => next.state)
        };
      })
  };
}
