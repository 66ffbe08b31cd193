import {beforeAll, describe, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Optimizer, OptimizerState} from "../../src/ops/core/optimizers/optimizer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {expectClose, type Fixture, fixture, tensor, use, withoutLeak} from "./support.ts";

const CASES = [
  "sgd",
  "sgd-weight-decay",
  "momentum",
  "momentum-clip-global-norm",
  "nesterov",
  "nesterov-weight-decay",
  "adam-eps1e-7",
  "adam-eps1e-8",
  "adam-large-eps",
  "adam-tiny-gradients",
  "adam-clip-global-norm",
  "adamw",
  "adagrad",
  "adagrad-eps-inside-sqrt",
  "rmsprop",
  "rmsprop-centered-momentum",
  "rmsprop-eps-inside-sqrt"
];

/** Every optimizer over ten steps, on the reference's own gradients: the parameters after each step must agree. */
export function optimizerCases(backend: BackendName): void {
  describe(`optimizers on ${backend}`, () => {
    beforeAll(() => use(backend));

    const ways = {update: updateOnly, step: ops.stepOptimizer};
    test.each(CASES.flatMap((name) => (["update", "step"] as const).map((way) => [name, way] as const)))(
      "%s by %s",
      (name, way) =>
        withoutLeak(async () => {
          const {params: settings, inputs, outputs} = fixture(`core/${name}`);
          const optimizer = optimizerOf(settings);
          let params = {a: tensor(inputs.a0), r: tensor(inputs.r0)};
          let state = optimizer.init(params);
          for (let step = 0; step < (settings.steps as number); ++step) {
            const row = (key: string) => ops.tf.slice(tensor(outputs[key]), [step, 0], [1, -1]).flatten();
            const grads = {a: row("grad_a"), r: row("grad_r")};
            ({params, state} = ways[way](optimizer, grads, state, params));
            await expectClose(params.a, Array.from(await row("a").data()));
            await expectClose(params.r, Array.from(await row("r").data()));
          }
        })()
    );
  });
}

/** A step by way of the updates, as a chain goes that does not end with the optimizer. */
function updateOnly<P extends Params>(optimizer: Optimizer, grads: P, state: OptimizerState, params: P) {
  const next = optimizer.update(grads, state, params);
  return {params: ops.applyUpdates(params, next.updates), state: next.state};
}

function optimizerOf(settings: Fixture["params"]): Optimizer {
  const {weight_decay: weightDecay, clip_global_norm: clip} = settings as Record<string, number>;
  const before = [
    clip ? ops.clipByGlobalNorm(clip) : [],
    weightDecay && settings.optimizer !== "adamw" ? ops.addDecayedWeights(weightDecay) : []
  ].flat();
  return ops.chain(...before, (KINDS[settings.optimizer as string] as Kind)(settings as Settings));
}

type Settings = Record<string, number> & {nesterov: boolean; centered: boolean; eps_inside_sqrt: boolean};
type Kind = (settings: Settings) => Optimizer;

const KINDS: Record<string, Kind> = {
  sgd: ({learning_rate, momentum = 0, nesterov}) =>
    ops.sgd({learningRate: learning_rate as number, momentum, nesterov}),
  adam: (settings) => ops.adam(adamOptions(settings)),
  adamw: (settings) => ops.adamw({...adamOptions(settings), weightDecay: settings.weight_decay as number}),
  adagrad: ({learning_rate, eps, initial_accumulator, eps_inside_sqrt}) =>
    ops.adagrad({
      learningRate: learning_rate as number,
      eps: eps as number,
      initialAccumulator: initial_accumulator as number,
      epsInsideRoot: eps_inside_sqrt
    }),
  rmsprop: ({learning_rate, eps, decay, momentum = 0, centered, eps_inside_sqrt}) =>
    ops.rmsprop({
      learningRate: learning_rate as number,
      eps: eps as number,
      decay: decay as number,
      momentum,
      centered,
      epsInsideRoot: eps_inside_sqrt
    })
};

const adamOptions = ({learning_rate, beta1, beta2, eps}: Settings) => ({
  learningRate: learning_rate as number,
  beta1: beta1 as number,
  beta2: beta2 as number,
  eps: eps as number
});
