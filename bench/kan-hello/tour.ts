// pykan's tour with one seed, in Node: a network [2, 5, 1] learns exp(sin(pi x) + y^2), is pruned, refined, made of functions
// and read. Writes a line of JSON with what every part came to.
import {key} from "../../src/ops/core/key.ts";
import {
  autoSymbolic,
  fitGaussNewton,
  fitKan,
  formula,
  type KanFitOptions,
  type KanNetwork,
  kanNetwork,
  predict,
  prune,
  refine
} from "../../src/ops/kan/index.ts";

/** What one part of the tour came to. */
export interface Part {
  part: "sparse" | "sparser" | "pruned" | "refined" | "symbolic";
  rmse: number;
  testRmse: number;
  /** Hidden nodes, and edges that are not nothing. */
  nodes: number;
  edges: number;
}

/** What one seed came to. */
export interface Tour {
  seed: number;
  parts: Part[];
  /** The formula with four digits. */
  text: string;
  /** The largest relative error for x and y between -2 and 2, twice as far as the data: small only where the formula is the same. */
  beyond: number;
  cpuSeconds: number;
}

const truth = (x: number, y: number) => Math.exp(Math.sin(Math.PI * x) + y * y);

function samples(seed: number, count: number, reach = 1) {
  const inputs = Float64Array.from(key(seed).uniform(2 * count, -reach, reach));
  const targets = Float64Array.from({length: count}, (_, i) =>
    truth(inputs[2 * i] as number, inputs[2 * i + 1] as number)
  );
  return {inputs, targets};
}

/** Twice with this penalty, and pruned both times: five hidden nodes fall silent one after the other. */
const SPARSE = {steps: 20, lamb: 3e-3};

function sizeOf({levels, layers}: KanNetwork): Pick<Part, "nodes" | "edges"> {
  const edges = layers.map(({mask, symbolic}) => mask.filter((m, e) => m !== 0 || symbolic[e]).length);
  return {nodes: levels[1]?.sum ?? 0, edges: edges.reduce((sum, count) => sum + count, 0)};
}

async function tour(seed: number): Promise<Tour> {
  const [train, test] = [samples(1000 + seed, 1000), samples(2000 + seed, 1000)];
  const parts: Part[] = [];
  const fit = async (part: Part["part"], network: KanNetwork, options: KanFitOptions) => {
    const training = fitKan(network, train, {test, ...options});
    let [rmse, testRmse] = [NaN, NaN];
    for await (const row of training) [rmse, testRmse] = [row.rmse, row.testRmse ?? NaN];
    parts.push({part, rmse, testRmse, ...sizeOf(training.network)});
    return training.network;
  };
  const sparse = await fit("sparse", kanNetwork({width: [2, 5, 1], grid: 3, seed}), SPARSE);
  const sparser = await fit("sparser", prune(sparse, train.inputs), SPARSE);
  const pruned = await fit("pruned", prune(sparser, train.inputs), {steps: 50});
  const refined = await fit("refined", refine(pruned, train.inputs, 10), {steps: 50});
  let symbolic = autoSymbolic(refined, train.inputs).network;
  for await (const row of fitGaussNewton(symbolic, train, {test, steps: 100})) {
    symbolic = row.network;
    parts[4] = {part: "symbolic", rmse: row.rmse, testRmse: row.testRmse ?? NaN, ...sizeOf(symbolic)};
  }
  const far = samples(3000 + seed, 1000, 2);
  const errors = predict(symbolic, far.inputs).map((y, i) => Math.abs(y / (far.targets[i] as number) - 1));
  const cpuSeconds = process.cpuUsage().user / 1e6;
  return {
    seed,
    parts,
    text: formula(symbolic, {names: ["x", "y"], digits: 4}).text,
    beyond: Math.max(...errors),
    cpuSeconds
  };
}

console.log(JSON.stringify(await tour(Number(process.argv[3]))));
