// What `rnn`, `gru` and `lstm` have in common.
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkCount} from "../errors.ts";
import type {Initializer} from "../initializers.ts";
import type {Key} from "../key.ts";
import {expectShape, type Layer, type Shape} from "../layer.ts";
import {uniform} from "../random.ts";

export interface RecurrentOptions {
  /** Size of the hidden state. */
  units: number;
  /** Give the output of every step (the default) or, with false, of the last one alone. */
  returnSequences?: boolean;
  /** Leave the biases out with false. */
  useBias?: boolean;
  /** Uniform in +-1 / sqrt(units) by default, as in PyTorch. */
  kernelInit?: Initializer;
  recurrentInit?: Initializer;
  biasInit?: Initializer;
}

/**
 * Parameters of a recurrent layer: kernel [in, gates x units] and bias for the input, recurrentKernel [units, gates x units] and
 * recurrentBias for the hidden state. These are PyTorch's weight_ih, bias_ih, weight_hh, bias_hh, transposed, gates in its order.
 */
export type RecurrentParams = {
  kernel: Tensor;
  recurrentKernel: Tensor;
  bias?: Tensor;
  recurrentBias?: Tensor;
};

/** What a cell is: how it goes on from the states of the step before. */
export interface RecurrentCell {
  name: string;
  gates: number;
  /** Names of the states; the first is the output. */
  states: readonly string[];
  /** New states from the input's share of the gates, [batch, gates x units], and the states before, [batch, units] each. */
  step(fromInput: Tensor, states: readonly Tensor[], params: RecurrentParams): Tensor[];
  /** Element-wise operations a unit and step, beside the products. */
  elementwise: number;
}

/** A recurrent layer over [batch, time, in] -> [batch, time, units], or [batch, units]; all states begin with zeros. */
export function recurrent(cell: RecurrentCell, options: RecurrentOptions): Layer<RecurrentParams> {
  const {units, returnSequences = true} = options;
  checkCount("units", units);
  const {name, gates} = cell;
  return {
    name,
    init(key, inputShape, path = name) {
      const [, inputs] = inputShape;
      expectShape(inputShape.length === 2 && inputs !== undefined, path, "[time, features]", inputShape);
      return initRecurrent(options, key, inputs, gates);
    },
    apply(params, x, context) {
      const [inputs] = params.kernel.shape;
      const path = context?.path ?? name;
      const fits = x.rank === 3 && x.shape[2] === inputs && (x.shape[1] ?? 0) > 0;
      expectShape(fits, path, `[batch, at least 1, ${inputs}]`, x.shape);
      return tidy(() => {
        const outputs = unroll(cell, params, x, units);
        return returnSequences ? tf.stack(outputs, 1) : (outputs.at(-1) as Tensor);
      });
    },
    outputShape: ([time = 0]) => (returnSequences ? [time, units] : [units]),
    flops: ([time = 0, inputs = 0]: Shape) => time * units * (2 * gates * (inputs + units) + cell.elementwise)
  };
}

/** The first state after every step. The input's share of all gates is one product. */
function unroll(cell: RecurrentCell, params: RecurrentParams, x: Tensor, units: number): Tensor[] {
  const [batch = 0, time = 0, inputs = 0] = x.shape;
  const fromInputs = denseProduct(
    tf.reshape(x, [batch * time, inputs]),
    params.kernel,
    params.bias,
    "linear"
  );
  let states = cell.states.map(() => tf.zeros([batch, units]) as Tensor);
  return tf.unstack(tf.reshape(fromInputs, [batch, time, cell.gates * units]), 1).map((fromInput) => {
    states = cell.step(fromInput, states, params);
    return states[0] as Tensor;
  });
}

/** The hidden state's share of the gates: h recurrentKernel + recurrentBias, [batch, gates x units]. */
export function fromState(h: Tensor, {recurrentKernel, recurrentBias}: RecurrentParams): Tensor {
  return denseProduct(h, recurrentKernel, recurrentBias, "linear");
}

/** One step of a cell from x [batch, in] and the states before, [batch, units] each; throws a ShapeError where they are not. */
export function stepOnce(
  cell: RecurrentCell,
  params: RecurrentParams,
  x: Tensor,
  states: readonly Tensor[]
): Tensor[] {
  const {kernel, recurrentKernel, bias} = params;
  const [inputs] = kernel.shape;
  const [units] = recurrentKernel.shape;
  const [batch] = x.shape;
  const path = `${cell.name}Cell`;
  expectShape(x.rank === 2 && x.shape[1] === inputs, path, `[batch, ${inputs}]`, x.shape);
  states.forEach(({shape}, i) => {
    expectShape(
      shape.join() === `${batch},${units}`,
      `${path} (${cell.states[i]})`,
      `[${batch}, ${units}]`,
      shape
    );
  });
  return cell.step(denseProduct(x, kernel, bias, "linear"), states, params);
}

function initRecurrent(options: RecurrentOptions, key: Key, inputs: number, gates: number): RecurrentParams {
  const {units, useBias = true} = options;
  const limit = 1 / Math.sqrt(units);
  const small: Initializer = (key, shape) => uniform(key, shape, -limit, limit);
  const {kernelInit = small, recurrentInit = small, biasInit = small} = options;
  const width = gates * units;
  return {
    kernel: kernelInit(key.fold(0), [inputs, width]),
    recurrentKernel: recurrentInit(key.fold(1), [units, width]),
    ...(useBias && {bias: biasInit(key.fold(2), [width]), recurrentBias: biasInit(key.fold(3), [width])})
  };
}
