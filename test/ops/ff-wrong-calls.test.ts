import {beforeAll, describe, expect, test} from "vitest";
import type {Layer, Learning} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {testWrongCalls, type WrongCalls} from "./ff-wrong-support.ts";
import {use, withoutLeak} from "./support.ts";

const {tf, adam, dense, initState, key} = ops;
const ff = ops.forwardForward;

const relu = (units: number) => dense({units, activation: "relu"}) as Layer;
const three = {layers: [8, 3]};
const gaussians = () => ops.datasets.gaussians({n: 24, classes: 3, seed: 5});

/** What nobody should pass, and what is then said. */
const calls: WrongCalls = {
  "no layer among blocks": [
    () => ff.localNetwork({blocks: [relu(3), 64 as never], rule: ff.monoForward(), classes: 3}),
    /blocks\[1\] must be a layer such as dense\(\{units: 64\}\), got 64/
  ],
  "half a rule": [
    () =>
      ff.localNetwork({blocks: [relu(3)], rule: {name: "half", step: () => undefined} as never, classes: 3}),
    /rule must be a local rule such as monoForward\(\)/
  ],
  "an unknown name in peer": [
    () => ff.forwardForward({peer: {decay: 0.1} as never}),
    /peer has no option decay. There are weight, momentum, initial/
  ],
  "a number as an initializer": [
    () => ff.forwardForward({classifierInit: 3 as never}),
    /classifierInit must be a function such as the initializer lecunNormal, got 3/
  ],
  "of mono-forward": [() => ff.monoForward({projectionInit: 3 as never}), /projectionInit must be/],
  "of scalable": [() => ff.scalableForwardForward({projectionInit: "x" as never}), /projectionInit must be/],
  "of predictors": [() => ff.cascadedForward({predictorInit: 1 as never}), /predictorInit must be/],
  "of heads": [() => ff.momentumAuxiliary({headInit: 1 as never}), /headInit must be/],
  "of feedback": [() => ff.feedbackAlignment({...three, feedbackInit: 1 as never}), /feedbackInit must be/],
  "of direct feedback": [
    () => ff.directFeedbackAlignment({...three, feedbackInit: 1 as never}),
    /feedbackInit must be/
  ],
  "of Kolen-Pollack": [() => ff.kolenPollack({...three, feedbackInit: 1 as never}), /feedbackInit must be/],
  "of products": [() => ff.productFeedback({...three, randomInit: 1 as never}), /randomInit must be/],
  "of projections": [() => ff.pepita({...three, projectionInit: 1 as never}), /projectionInit must be/],
  "of kernels": [() => ff.feedbackAlignment({...three, kernelInit: 1 as never}), /kernelInit must be/],
  "of biases": [() => ff.feedbackAlignment({...three, biasInit: 1 as never}), /biasInit must be/],
  "of Hebbian kernels": [() => ff.softHebbDense({units: 3, kernelInit: 1 as never}), /kernelInit must be/],
  "a bias of another kind": [
    () => ff.momentumAuxiliary({useBias: "no" as never}),
    /useBias must be true, false or "layer", got no/
  ],
  "waves of another kind": [
    () => ff.lls({waves: "square" as never}),
    /waves must be "harmonics" or "published"/
  ],
  "blocks of another kind": [
    () => ff.layerCollaboration({whose: "after" as never}),
    /whose must be "all" or "before"/
  ],
  "a size of one number": [
    () => ff.hybridImages({size: 28 as never}),
    /size must be \[height, width\].*got 28/
  ],
  "a size of three": [() => ff.hybridImages({size: [2, 2, 2] as never}), /got \[2,2,2\]/],
  "labels that do not fit": [
    () => ff.labelInPixels({at: 3}).embed(tf.zeros([2, 4]), tf.zeros([2, 3])),
    /writes 3 classes over the pixels from 3 on.*labelAsInput\(\)/
  ],
  "no function of shapes": [
    () => ff.physicalSystem((x) => x, [3] as never),
    /outputShape must be a function such as/
  ],
  "no optimizer": [
    () =>
      ff.fitInTurn({blocks: [relu(3)], rule: ff.monoForward(), classes: 3}, gaussians(), {
        optimizer: adam as never
      }),
    /optimizer must be an optimizer such as adam\(\)/
  ],
  "a loss by its name": [
    () => ff.feedbackAlignment({...three, loss: "mse" as never}),
    /loss must be a function such as softmaxCrossEntropy, got mse/
  ],
  "a convolution with a nonlinearity of its own": [
    () => ff.feedbackAlignment({layers: [{filters: 2, kernelSize: 3, activation: "tanh"} as never, 3]}),
    /layers\[0\] has no option activation/
  ],
  "more bits than there are": [() => ff.quantizedError({bits: 4000}), /bits must be at most 25/],
  "no network": [() => ff.seededPerturbations(undefined as never), /model\[0\] must be a layer/],
  "a loss of seeds by its name": [
    () => ff.seededPerturbations(relu(3), {loss: "mse" as never}),
    /loss must be a function/
  ],
  "no key": [
    () => ff.gradientFromSeeds({w: tf.zeros([2])}, tf.zeros([2]), {} as never),
    /gradientFromSeeds draws by a key: pass \{key: key\(1\)\}/
  ],
  "no differences": [
    () => ff.gradientFromSeeds({w: tf.zeros([2])}, tf.zeros([0]), {key: key(0)}),
    /one difference for each perturbation, \[samples\]: got \[0\]/
  ],
  "feedback in words": [
    () => ff.stationaryFeedback({units: 3, feedback: "much" as never}),
    /feedback must be a number from 0 to 1, or one for each unit; got much/
  ],
  "no layer among Hebbian ones": [
    () => ff.hebbianNetwork({layers: [ff.softHebbDense({units: 3}), undefined as never], classes: 3}),
    /layers\[1\] must be a layer/
  ],
  "no head": [
    () => ff.hebbianNetwork({layers: [ff.softHebbDense({units: 3})], classes: 3, head: 3 as never}),
    /head\[0\] must be a layer/
  ],
  "no layer as a level": [() => ff.predictiveCoding({layers: [3 as never]}), /layers\[0\] must be a layer/],
  "no rows": [
    () => [
      ...ff.blockCoordinateDescent(
        {...gaussians(), inputs: new Float32Array(0), labels: new Int32Array(0)},
        {hidden: [3]}
      )
    ],
    /number of rows of .* must be a whole number of at least 1, got 0/
  ],
  "a class that there is not": [
    () => [
      ...ff.blockCoordinateDescent(
        {...gaussians(), labels: new Int32Array(24).fill(7)},
        {hidden: [3], epochs: 1}
      )
    ],
    /Row 0 has the class 7, and there are 3/
  ]
};

/** One step on a batch, as fit takes it. */
function learn(model: Layer, x: Tensor, y: Tensor, state = initState(model, [4], key(2))) {
  const params = model.init(key(0), [4]);
  const context = {training: true, key: key(1), state, update() {}, setState() {}};
  return (model.learning as Learning).learn(params as Params, x, y, context);
}

describe("wrong calls of forward-forward", () => {
  beforeAll(() => use("cpu"));

  testWrongCalls(calls);

  test(
    "batches without rows, with other answers than there are inputs, and with targets for classes",
    withoutLeak(async () => {
      const blocks = [relu(12), relu(12)];
      const labelled = ff.forwardForward({labels: ff.labelAsInput()});
      const networks: Record<string, Layer> = {
        localNetwork: ff.localNetwork({blocks, rule: labelled, classes: 3}) as Layer,
        hebbianNetwork: ff.hebbianNetwork({layers: [ff.softHebbDense({units: 8})], classes: 3}) as Layer,
        predictiveCoding: ff.predictiveCoding({layers: [relu(3)], steps: 1}) as Layer,
        counterCurrent: ff.counterCurrent(three) as Layer
      };
      const none = tf.zeros([0], "int32");
      for (const [name, model] of Object.entries(networks)) {
        expect(() => learn(model, tf.zeros([0, 4]), none), name).toThrow(
          new RegExp(`${name} learns from a batch of at least one input.*\\[0, 4\\] and answers \\[0\\]`)
        );
        expect(() => learn(model, tf.zeros([2, 4]), tf.zeros([3], "int32")), name).toThrow(
          /inputs \[2, 4\] and answers \[3\]/
        );
      }
      for (const name of ["localNetwork", "hebbianNetwork"])
        expect(() => learn(networks[name] as Layer, tf.zeros([2, 4]), tf.zeros([2, 3])), name).toThrow(
          /learns classes.*int32 \[2\]: got float32 \[2, 3\]. Pass data with labels/
        );
      expect(() => learn(ff.feedbackAlignment(three) as Layer, tf.zeros([0, 4]), none)).toThrow(
        /a batch with at least one row, got \[0, 4\]/
      );
    })
  );

  test(
    "state that was not handed over, and answers from blocks that there are not",
    withoutLeak(async () => {
      const [x, y] = [tf.zeros([2, 4]), tf.zeros([2], "int32")];
      const local = (rule: ReturnType<typeof ff.forwardForward>) =>
        ff.localNetwork({blocks: [relu(5)], rule, classes: 3}) as Layer;
      const labels = ff.labelAsInput();
      expect(() => learn(local(ff.forwardForward({labels, peer: {}})), x, y, {})).toThrow(
        /block1 has no running mean for peer normalisation: begin with initState\(model, inputShape\)/
      );
      expect(() => learn(local(ff.cascadedForward({blocks: "feedback"})), x, y, {})).toThrow(
        /cascadedForward learns with what initState gives/
      );
      expect(() => learn(local(ff.forwardForward({labels, predictFrom: 3})), x, y)).toThrow(
        /predictFrom is 3, and the network has 1/
      );
    })
  );

  test("a report on data with more classes than the network has", async () => {
    const model = ff.localNetwork({
      blocks: [relu(5)],
      rule: ff.forwardForward({labels: ff.labelAsInput()}),
      classes: 2
    });
    const params = model.init(key(0), [2]);
    await expect(ff.goodnessReport(model, params, gaussians())).rejects.toThrow(
      /has 3 classes, and the network 2/
    );
    ops.tree.dispose(params as Params);
  });
});
