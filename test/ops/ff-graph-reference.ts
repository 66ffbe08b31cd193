// Layers of graph networks that learn alone, in double precision and straight from the definitions.
import {productOf} from "./float64.ts";

export interface SmallGraph {
  nodes: number;
  classes: number;
  edges: readonly (readonly [number, number])[];
  labels: readonly number[];
  labelled: readonly number[];
}

type Rows = number[][];

const known = ({nodes, classes, labels, labelled}: SmallGraph, by = 0): Rows =>
  Array.from({length: nodes}, (_, node) =>
    Array.from({length: classes}, (_, c) =>
      labelled.includes(node) && c === ((labels[node] as number) + by) % classes ? 1 : 0
    )
  );

/** D^-1/2 (A + I) D^-1/2 with virtual nodes behind the others, linked as `toClasses` says. */
function adjacencyOf({nodes, edges}: SmallGraph, toClasses?: Rows): Rows {
  const classes = toClasses?.[0]?.length ?? 0;
  const size = nodes + classes;
  const a: Rows = Array.from({length: size}, (_, i) =>
    Array.from({length: size}, (_, j) => (i === j ? 1 : 0))
  );
  const join = (i: number, j: number) => {
    (a[i] as number[])[j] = 1;
    (a[j] as number[])[i] = 1;
  };
  for (const [from, to] of edges) join(from, to);
  toClasses?.forEach((row, node) => {
    row.forEach((is, c) => {
      if (is) join(node, nodes + c);
    });
  });
  const scales = a.map((row) => 1 / Math.sqrt(row.reduce((sum, value) => sum + value, 0)));
  return a.map((row, i) => row.map((value, j) => value * (scales[i] as number) * (scales[j] as number)));
}

const ofLengthOne = (x: Rows): Rows =>
  x.map((row) => {
    const length = Math.sqrt(squares(row)) + 1e-8;
    return row.map((value) => value / length);
  });

function layer(unit: Rows, adjacency: Rows, kernel: ArrayLike<number>, bias: ArrayLike<number>): Rows {
  const [inputs, units] = [unit[0]?.length ?? 0, bias.length];
  const size = unit.length;
  const flat = productOf(unit.flat(), kernel, {rows: size, columns: units, inner: inputs});
  const spread = productOf(adjacency.flat(), flat, {rows: size, columns: units, inner: size});
  return Array.from({length: size}, (_, i) =>
    Array.from({length: units}, (_, j) =>
      Math.max(0, (spread[i * units + j] as number) + (bias[j] as number))
    )
  );
}

const squares = (row: readonly number[] = []) => row.reduce((sum, value) => sum + value * value, 0);
const softplus = (z: number) => Math.log1p(Math.exp(z));
const meanOver = (nodes: readonly number[], of: (node: number) => number) =>
  nodes.reduce((sum, node) => sum + of(node), 0) / nodes.length;

/** How much each node is like the virtual node of each class. */
function sharesOf(output: Rows, nodes: number, temperature: number): Rows {
  return output.slice(0, nodes).map((row) => {
    const powers = output
      .slice(nodes)
      .map((other) =>
        Math.exp(row.reduce((sum, value, i) => sum + value * (other[i] as number), 0) / temperature)
      );
    const whole = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / whole);
  });
}

interface LayerParams {
  kernel: ArrayLike<number>;
  bias: ArrayLike<number>;
}

/** What a layer is shown, one after the other, the right one first. */
function viewsOf(method: string, graph: SmallGraph, x: Rows, virtual: Rows): {x: Rows; adjacency: Rows}[] {
  const {classes, labelled} = graph;
  if (method === "single") return [{x: [...x, ...virtual], adjacency: adjacencyOf(graph, known(graph))}];
  return Array.from({length: classes}, (_, by) => {
    const labels = known(graph, by);
    if (method === "virtual") return {x: [...x, ...virtual], adjacency: adjacencyOf(graph, labels)};
    const unsure = Array.from({length: classes}, () => 1 / classes);
    const beside = labels.map((row, node) => (labelled.includes(node) ? row : unsure));
    return {x: x.map((row, node) => [...row, ...(beside[node] as number[])]), adjacency: adjacencyOf(graph)};
  });
}

/** The loss of every layer, each from what the layers before it give. */
export function lossesOf(
  method: string,
  graph: SmallGraph,
  x: Rows,
  virtual: Rows,
  layers: readonly LayerParams[],
  {threshold = 2, temperature = 1} = {}
): number[] {
  const {nodes, labels, labelled} = graph;
  let views = viewsOf(method, graph, x, virtual);
  return layers.map(({kernel, bias}) => {
    const outputs = views.map((view) => layer(ofLengthOne(view.x), view.adjacency, kernel, bias));
    views = views.map(({adjacency}, v) => ({x: outputs[method === "virtual" ? 0 : v] as Rows, adjacency}));
    if (method === "single") {
      const shares = sharesOf(outputs[0] as Rows, nodes, temperature);
      return meanOver(labelled, (node) => -Math.log(shares[node]?.[labels[node] as number] as number));
    }
    const [positive = 0, ...negatives] = outputs.map((output, v) =>
      meanOver(labelled, (node) => softplus((v === 0 ? -1 : 1) * (squares(output[node]) - threshold)))
    );
    return positive + negatives.reduce((sum, value) => sum + value, 0) / negatives.length;
  });
}

/**
 * What layers that also hear the ones above tell, from what they told before: of every layer, by turns of the odd and the even
 * ones. `told` is what the features, the layers and the labels say.
 */
function passed(told: readonly Rows[], adjacency: Rows, layers: readonly LayerParams[]): Rows[] {
  const now = [...told];
  for (const parity of [0, 1])
    layers.forEach(({kernel, bias}, l) => {
      if (l % 2 !== parity) return;
      const above = ofLengthOne(now[l + 2] as Rows);
      const both = ofLengthOne(now[l] as Rows).map((row, node) => [...row, ...(above[node] as number[])]);
      now[l + 1] = layer(both, adjacency, kernel, bias);
    });
  return now;
}

function endsOf(graph: SmallGraph, x: Rows, virtual: Rows): {features: Rows; labels: Rows; adjacency: Rows} {
  const {classes, labelled} = graph;
  const one = (c: number) => Array.from({length: classes}, (_, i) => (i === c ? 1 : 0));
  return {
    features: [...x, ...virtual],
    labels: [
      ...known(graph).map((row, node) =>
        labelled.includes(node) ? row : Array.from({length: classes}, () => 1 / classes)
      ),
      ...Array.from({length: classes}, (_, c) => one(c))
    ],
    adjacency: adjacencyOf(graph, known(graph))
  };
}

/** A step of layers that also hear the ones above: their losses, and what they tell then. */
export function stepFromAbove(
  graph: SmallGraph,
  x: Rows,
  virtual: Rows,
  layers: readonly LayerParams[],
  {told, temperature = 1}: {told: readonly Rows[]; temperature?: number}
): {losses: number[]; told: Rows[]} {
  const {features, labels, adjacency} = endsOf(graph, x, virtual);
  const now = passed([features, ...told, labels], adjacency, layers).slice(1, -1);
  const losses = now.map((output) => {
    const shares = sharesOf(output, graph.nodes, temperature);
    return meanOver(
      graph.labelled,
      (node) => -Math.log(shares[node]?.[graph.labels[node] as number] as number)
    );
  });
  return {losses, told: now};
}

/** Their answer: the sum over layers of the mean shares in passes 3 to 10 after one that only goes up. */
export function answerFromAbove(
  graph: SmallGraph,
  x: Rows,
  virtual: Rows,
  layers: readonly LayerParams[],
  temperature = 1
): Rows {
  const {features, labels, adjacency} = endsOf(graph, x, virtual);
  let told = [features];
  layers.forEach(({kernel, bias}, l) => {
    const zeros = new Array((layers[l + 1]?.bias ?? labels[0])?.length ?? 0).fill(0);
    const both = ofLengthOne(told[l] as Rows).map((row) => [...row, ...zeros]);
    told.push(layer(both, adjacency, kernel, bias));
  });
  told.push(labels);
  const answer = Array.from({length: graph.nodes}, () => new Array<number>(graph.classes).fill(0));
  for (let pass = 1; pass <= 10; ++pass) {
    told = passed(told, adjacency, layers);
    if (pass < 3) continue;
    for (const output of told.slice(1, -1))
      sharesOf(output, graph.nodes, temperature).forEach((row, node) => {
        row.forEach((share, c) => {
          (answer[node] as number[])[c] += share / 8;
        });
      });
  }
  return answer;
}
