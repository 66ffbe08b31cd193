// Small networks in float64 on problems of science, in a process of its own; prints one line of JSON: node train-science.js <wasm files, not needed> <part> <quick|whole>
import {physicsFormulas} from "../../src/ops/datasets/physics/physics.ts";
import {fitEquation} from "../../src/ops/kan/equations/fit.ts";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {refine} from "../../src/ops/kan/network/grids.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import {fourVariables, rmseOf, type Samples, type ScienceRow, samplesOf} from "./science-data.ts";
import {bestStart, extended, sizeOf} from "./train-kan.ts";
import {trainedMlp} from "./train-mlp.ts";

export type {ScienceRow};

/** Two to four variables: what a small network can have as a whole. */
const FORMULAS = [
  "I.6.2",
  "I.10.7",
  "I.12.1",
  "II.3.24",
  "I.16.6",
  "I.26.2",
  "I.27.6",
  "I.30.3",
  "I.37.4",
  "I.50.26",
  "I.29.16",
  "I.8.14"
];

const parts: Record<string, (isQuick: boolean) => Promise<ScienceRow[]>> = {
  gridExtension,
  perceptrons,
  formulas,
  poisson
};

async function gridExtension(isQuick: boolean): Promise<ScienceRow[]> {
  const {train, test} = fourVariableSamples(isQuick);
  const short = {inputs: train.inputs.subarray(0, 4000), targets: train.targets.subarray(0, 1000)};
  const {network, errors} = await bestStart([4, 2, 1, 1], short, isQuick ? 1 : 24);
  const rows = errors.map((value, seed) => rowOf(`start of seed ${seed}`, "train RMSE", value));
  const grids = isQuick ? [3, 5] : [3, 5, 10, 20, 50];
  for await (const {grid, network: trained} of extended(network, {train, grids, steps: isQuick ? 3 : 60}))
    rows.push(
      rowOf(`KAN [4,2,1,1], grid ${grid}, ${sizeOf(trained)} numbers`, "test RMSE", rmseOf(trained, test))
    );
  return rows;
}

async function perceptrons(isQuick: boolean): Promise<ScienceRow[]> {
  const {train, test} = fourVariableSamples(isQuick);
  const rows: ScienceRow[] = [];
  for (const width of isQuick ? [4] : [4, 7, 11, 16])
    for (const seed of isQuick ? [0] : [0, 1]) {
      const {size, rmse} = trainedMlp({train, test, width, seed, steps: isQuick ? 3 : 40});
      rows.push(rowOf(`MLP [4,${width},${width},1], seed ${seed}, ${size} numbers`, "test RMSE", rmse));
    }
  return rows;
}

async function formulas(isQuick: boolean): Promise<ScienceRow[]> {
  const rows: ScienceRow[] = [];
  for (const id of isQuick ? FORMULAS.slice(0, 1) : FORMULAS) {
    const {name, text, variables, evaluate} = formulaOf(id);
    const scaled = (x: Float64Array) =>
      evaluate(variables.map(({low, high}, i) => low + ((high - low) * ((x[i] as number) + 1)) / 2));
    const [train, test] = standardised(
      samplesOf(scaled, variables.length, 1000, 1),
      samplesOf(scaled, variables.length, 1000, 2)
    );
    const width = [variables.length, 4, 1];
    const {network} = await bestStart(width, train, isQuick ? 1 : 3);
    let found = network;
    const grids = isQuick ? [3] : [3, 5, 10];
    for await (const {network: trained} of extended(network, {train, grids, steps: isQuick ? 3 : 40}))
      if (rmseOf(trained, train) <= rmseOf(found, train)) found = trained;
    const mlp = trainedMlp({
      train,
      test,
      width: mlpWidth(variables.length, sizeOf(found)),
      seed: 0,
      steps: isQuick ? 3 : 80
    });
    const title = `${id} | ${name} | ${text} | ${variables.length} variables`;
    rows.push(
      rowOf(
        `${title} | KAN [${width}], ${sizeOf(found)} numbers`,
        "test RMSE over deviation",
        rmseOf(found, test)
      )
    );
    rows.push(rowOf(`${title} | MLP, ${mlp.size} numbers`, "test RMSE over deviation", mlp.rmse));
  }
  return rows;
}

/**
 * Poisson's equation on [-1, 1]^2 with the solution sin(pi x) sin(pi y), zero at the boundary: one network on finer and finer
 * grids, its error, and in the end its values in the middles of 30 x 30 squares.
 */
async function poisson(isQuick: boolean): Promise<ScienceRow[]> {
  const solution = (x: number, y: number) => Math.sin(Math.PI * x) * Math.sin(Math.PI * y);
  const inside = middles(isQuick ? 10 : 31);
  const edge = boundary(isQuick ? 10 : 31);
  const right = along(inside, (x, y) => -2 * Math.PI ** 2 * solution(x, y));
  const conditions = [
    {inputs: inside, curvatures: [1, 1], right, weight: 0.01},
    {inputs: edge, value: 1, right: new Float64Array(edge.length / 2)}
  ];
  const places = middles(50);
  const test = {inputs: places, targets: along(places, solution)};
  const rows: ScienceRow[] = [];
  let network = kanNetwork({width: [2, 2, 1], grid: 5, order: 4, seed: 1});
  for (const grid of isQuick ? [5] : [5, 10, 20]) {
    if (grid > 5) network = refine(network, inside, grid);
    for await (const row of fitEquation(network, conditions, {steps: isQuick ? 3 : 40})) {
      network = row.network;
      rows.push(
        rowOf(`Poisson, grid ${grid}, ${sizeOf(network)} numbers, step ${row.step}`, "loss", row.loss)
      );
    }
    const title = `Poisson, KAN [2,2,1], order 4, grid ${grid}, ${sizeOf(network)} numbers`;
    // The solution's root mean square is a half.
    rows.push(rowOf(title, "RMSE over deviation", 2 * rmseOf(network, test)));
  }
  if (isQuick) return rows;
  predict(network, middles(30)).forEach((value, at) => {
    rows.push(rowOf(`Poisson, square ${at} of 30 x 30`, "u", value));
  });
  return rows;
}

function fourVariableSamples(isQuick: boolean): {train: Samples; test: Samples} {
  return {
    train: samplesOf(fourVariables, 4, isQuick ? 1000 : 6000, 100),
    test: samplesOf(fourVariables, 4, 3000, 101)
  };
}

function formulaOf(id: string) {
  const found = physicsFormulas.find((formula) => formula.id === id);
  if (!found) throw new Error(`There is no formula ${id}.`);
  return found;
}

/** Both with targets less the first's mean, over its deviation. */
function standardised(train: Samples, test: Samples): [Samples, Samples] {
  const count = train.targets.length;
  const mean = train.targets.reduce((sum, y) => sum + y, 0) / count;
  const deviation = Math.sqrt(train.targets.reduce((sum, y) => sum + (y - mean) ** 2, 0) / count);
  const scaled = ({inputs, targets}: Samples) => ({
    inputs,
    targets: targets.map((y) => (y - mean) / deviation)
  });
  return [scaled(train), scaled(test)];
}

/** Hidden units with which [variables, width, width, 1] has about `size` numbers. */
function mlpWidth(variables: number, size: number): number {
  const half = (variables + 3) / 2;
  return Math.max(2, Math.round(-half + Math.sqrt(half * half + size - 1)));
}

/** Middles of the side x side squares of [-1, 1]^2. */
function middles(side: number): Float64Array {
  const place = (i: number) => (2 * (i + 0.5)) / side - 1;
  return Float64Array.from({length: 2 * side * side}, (_, at) => {
    const square = Math.floor(at / 2);
    return place(at % 2 === 0 ? square % side : Math.floor(square / side));
  });
}

function boundary(side: number): Float64Array {
  const ends = Array.from({length: side + 1}, (_, i) => (2 * i) / side - 1);
  return Float64Array.from(ends.flatMap((t) => [t, -1, t, 1, -1, t, 1, t]));
}

function along(points: Float64Array, f: (x: number, y: number) => number): Float64Array {
  return Float64Array.from({length: points.length / 2}, (_, s) =>
    f(points[2 * s] as number, points[2 * s + 1] as number)
  );
}

function rowOf(name: string, metric: string, value: number): ScienceRow {
  return {case: name, metric, value, unit: ""};
}

const [, part, size] = process.argv.slice(2);
console.log(JSON.stringify(await parts[part as string]?.(size === "quick")));
