// Times one layer of splines in each of its forms, in a process of its own, on wasm; prints one line of JSON: node time-orders.js <wasm files> <rounds> <batch> <order ...>
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {SplineForm} from "../../src/ops/kan/bases/bspline.ts";
import type {Kan} from "../../src/ops/kan/layers/kan.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {median} from "../support/median.ts";
import {openWasmInNode} from "../support/open-wasm-in-node.ts";

const {tf, tree} = ops;
const {bspline, kan, predict, toNetwork} = ops.kan;

const LAYER = {inputs: 64, units: 32, intervals: 5};

/** Splines of higher order have no fused kernel. */
const MOST_FUSED = 10;

/** What one form of the layer takes and gives. */
export interface FormTiming {
  order: number;
  form: SplineForm;
  /** Milliseconds of the processor for a forward pass, and for one with the gradients of parameters and inputs. */
  forward: number;
  both: number;
  /** Largest difference of the outputs from those in float64. */
  difference: number;
  /** Largest difference of the gradients from the recursion's, as a share of its largest gradient. */
  gradientDifference: number;
}

export interface OrderTimings {
  adapter: string;
  /** E.g. `[64 -> 32], 5 intervals`. */
  layer: string;
  timings: FormTiming[];
}

async function main([wasmPaths, rounds, batch, ...orders]: string[]): Promise<void> {
  const adapter = await openWasmInNode(wasmPaths);
  const x = ops.random.uniform(ops.key(1), [Number(batch), LAYER.inputs], -1, 1);
  const timings: FormTiming[] = [];
  for (const order of orders.map(Number)) timings.push(...(await timeForms(x, order, Number(rounds))));
  const {inputs, units, intervals} = LAYER;
  const layer = `[${inputs} -> ${units}], ${intervals} intervals`;
  console.log(JSON.stringify({adapter, layer, timings} satisfies OrderTimings));
}

interface Contender {
  form: SplineForm;
  model: Kan;
  params: Record<string, Params>;
}

/** The forms with equal parameters, the recursion first, in turns. */
async function timeForms(x: Tensor, order: number, rounds: number): Promise<FormTiming[]> {
  const forms: SplineForm[] = ["recursive", "matrix", ...(order <= MOST_FUSED ? (["fused"] as const) : [])];
  const contenders = forms.map((form) => contenderOf(form, order));
  const times = contenders.map(() => ({forward: [] as number[], both: [] as number[]}));
  for (let round = -WARM_UP; round < rounds; ++round)
    for (const [i, contender] of contenders.entries())
      for (const pass of ["forward", "both"] as const) {
        const taken = Array.from({length: A_TURN[contender.form]}, () => cpuTime(passes[pass], contender, x));
        if (round >= 0) times[i]?.[pass].push(...taken);
      }
  const exact = await inFloat64(contenders[0] as Contender, x);
  const gradient = await numbersIn(passes.both(contenders[0] as Contender, x));
  const timings: FormTiming[] = [];
  for (const [i, contender] of contenders.entries())
    timings.push({
      order,
      form: contender.form,
      forward: median(times[i]?.forward ?? []),
      both: median(times[i]?.both ?? []),
      difference: distance(await numbersIn(passes.forward(contender, x)), exact),
      gradientDifference:
        distance(await numbersIn(passes.both(contender, x)), gradient) /
        distance(
          gradient,
          gradient.map(() => 0)
        )
    });
  for (const {params} of contenders) tree.dispose(params);
  return timings;
}

/** Rounds that are not counted. */
const WARM_UP = 2;

/** Passes in a turn: short ones are measured more often. */
const A_TURN = {recursive: 1, matrix: 1, fused: 8} as const;

/** Milliseconds that the processor was busy with a pass. */
function cpuTime(pass: (contender: Contender, x: Tensor) => Params, contender: Contender, x: Tensor): number {
  const start = process.cpuUsage();
  tree.dispose(pass(contender, x));
  const {user, system} = process.cpuUsage(start);
  return (user + system) / 1e3;
}

/** Curves of about a half in size, so that a wrong function shows. */
function contenderOf(form: SplineForm, order: number): Contender {
  const basis = bspline({grid: LAYER.intervals, order, noise: LAYER.intervals, form});
  const model = kan([LAYER.inputs, LAYER.units], {basis});
  return {form, model, params: model.init(ops.key(2), [LAYER.inputs]) as Record<string, Params>};
}

/** What is timed. On wasm an operation is done when its call returns. */
const passes = {
  forward: ({model, params}: Contender, x: Tensor): Tensor => model.apply(params, x),
  both: ({model, params}: Contender, x: Tensor): Params =>
    ops.grad((at: {params: Record<string, Params>; x: Tensor}) =>
      tf.sum(tf.square(model.apply(at.params, at.x)))
    )({params, x})
};

async function inFloat64({model, params}: Contender, x: Tensor): Promise<Float64Array> {
  return predict(await toNetwork(model, params), Float64Array.from(await x.data()));
}

/** All numbers of tensors, which are freed. */
async function numbersIn(tensors: Params): Promise<number[]> {
  const numbers: number[] = [];
  for (const leaf of tree.leaves(tensors)) for (const each of await leaf.data()) numbers.push(each);
  tree.dispose(tensors);
  return numbers;
}

/** The largest difference of two numbers at the same place; infinite where one is none. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= most)) most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return most;
}

await main(process.argv.slice(2));
