import {beforeAll, describe, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Optimizer} from "../../src/ops/core/optimizers/optimizer.ts";
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
  "adamw"
];

/** Every optimizer over ten steps, on the reference's own gradients: the parameters after each step must agree. */
export function optimizerCases(backend: BackendName): void {
  describe(`optimizers on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(CASES)("%s", (name) =>
      withoutLeak(async () => {
        const {params: settings, inputs, outputs} = fixture(`core/${name}`);
        const optimizer = optimizerOf(settings);
        let params = {a: tensor(inputs.a0), r: tensor(inputs.r0)};
        let state = optimizer.init(params);
        for (let step = 0; step < (settings.steps as number); ++step) {
          const row = (key: string) => ops.tf.slice(tensor(outputs[key]), [step, 0], [1, -1]).flatten();
          const next = optimizer.update({a: row("grad_a"), r: row("grad_r")}, state, params);
          params = ops.applyUpdates(params, next.updates);
          state = next.state;
          await expectClose(params.a, Array.from(await row("a").data()));
          await expectClose(params.r, Array.from(await row("r").data()));
        }
      })()
    );
  });
}

function optimizerOf(settings: Fixture["params"]): Optimizer {
  const {weight_decay: weightDecay, clip_global_norm: clip} = settings as Record<string, number>;
  const learningRate = settings.learning_rate as number;
  const betas = {
    beta1: settings.beta1 as number,
    beta2: settings.beta2 as number,
    eps: settings.eps as number
  };
  if (settings.optimizer === "adamw") return ops.adamw({learningRate, ...betas, weightDecay});
  const {momentum, nesterov} = settings as {momentum: number; nesterov: boolean};
  const inner =
    settings.optimizer === "adam"
      ? ops.adam({learningRate, ...betas})
      : ops.sgd({learningRate, momentum, nesterov});
  const before = [
    clip ? ops.clipByGlobalNorm(clip) : [],
    weightDecay ? ops.addDecayedWeights(weightDecay) : []
  ].flat();
  return ops.chain(...before, inner);
}
