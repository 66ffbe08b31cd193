import {tidy} from "../../tf.ts";
import type {Params} from "../tree.ts";
import {type Optimizer, type OptimizerState, stepOptimizer} from "./optimizer.ts";

type ByChild<T> = Record<string, T>;

/** An optimizer that can step one child of the parameters while the others wait. */
export interface Layerwise extends Optimizer {
  /** One update of the child with this name, and of its part of the state. */
  stepChild(
    name: string,
    grads: Params,
    state: OptimizerState,
    child: Params
  ): {params: Params; state: OptimizerState};
}

/**
 * An optimizer with a state of its own for each child of the parameters, so that layers can be updated one by one: what
 * networks that learn by local rules are trained with. `fit` makes one of the optimizer it is given; pass a function of the
 * child's name for different ones, `layerwise((name) => name === "block1" ? adam() : freeze())`. Norms that an optimizer
 * takes (clipByGlobalNorm) are those of one child. Paths of parameters begin with the child's name, as elsewhere.
 *
 * @example
 * import {key, layerwise, mlp, sgd, stepOptimizer, tree} from "petri/core";
 *
 * const optimizer = layerwise((name) => sgd({learningRate: name === "dense1" ? 0.5 : 0.1}));
 * const params = mlp([2, 4, 2]).init(key(0));
 * const {params: next} = stepOptimizer(optimizer, params, optimizer.init(params), params);
 * const share = ({path, leaf}, i) => ({path, kept: leaf.div(tree.leaves(params)[i]).mean().arraySync()});
 * display(Inputs.table(tree.entries(next).map(share).filter(({path}) => path.endsWith("kernel"))));
 */
export function layerwise(choice: Optimizer | ((name: string) => Optimizer)): Layerwise {
  const made = new Map<string, Optimizer>();
  const optimizerOf = (name: string): Optimizer => {
    if (typeof choice !== "function") return choice;
    const optimizer = made.get(name) ?? choice(name);
    made.set(name, optimizer);
    return optimizer;
  };
  const stateOf = (state: OptimizerState, name: string) => (state as ByChild<OptimizerState>)[name];
  const some = (state: OptimizerState) => Object.entries(state as ByChild<OptimizerState>);
  const each = <T>(params: Params, of: (name: string, child: Params) => T): ByChild<T> =>
    Object.fromEntries(childrenOf(params).map(([name, child]) => [name, of(name, child)]));
  const stepChild: Layerwise["stepChild"] = (name, grads, state, child) => {
    const next = stepOptimizer(optimizerOf(name), {[name]: grads}, state, {[name]: child});
    return {params: childOf(next.params, name), state: next.state};
  };
  return {
    init: (params) => each(params, (name, child) => optimizerOf(name).init({[name]: child})),
    learningRate: (state) => {
      const [first] = some(state);
      return first && optimizerOf(first[0]).learningRate?.(first[1]);
    },
    start: (params, state) =>
      each(params, (name, child) => {
        const from = {[name]: child};
        const started = optimizerOf(name).start?.(from, stateOf(state, name) as OptimizerState);
        return started ? childOf(started, name) : child;
      }),
    isIrregular: (state) => some(state).some(([name, own]) => optimizerOf(name).isIrregular?.(own)),
    stepChild,
    update: (grads, state, params) =>
      tidy(() => {
        const updates: ByChild<Params> = {};
        const states = each(params, (name, child) => {
          const own = stateOf(state, name) as OptimizerState;
          const next = optimizerOf(name).update({[name]: childOf(grads, name)}, own, {[name]: child});
          updates[name] = childOf(next.updates, name);
          return next.state;
        });
        return {updates, state: states};
      })
  };
}

/** The optimizer itself where it is one for each child. */
export function asLayerwise(optimizer: Optimizer): Layerwise {
  return "stepChild" in optimizer ? (optimizer as Layerwise) : layerwise(optimizer);
}

function childrenOf(params: Params): [string, Params][] {
  return Object.entries(params as ByChild<Params>);
}

function childOf(params: Params, name: string): Params {
  return (params as ByChild<Params>)[name] as Params;
}
