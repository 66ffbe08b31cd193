import type {Specs, Values} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import type * as tf from "../tfjs.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate} from "./activation-wgsl.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {ACTIVATE} from "./matmul-twin.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";
import {checkPattern, type NmWeights, type Pattern, placeReader, placeWords, wgslPlace} from "./nm-format.ts";
import {checkLinear, defineLinear, type LinearAttrs} from "./sparse-linear.ts";
import {addLink, type Links, linkGradients, multiplyLinks, roomFor} from "./sparse-twin.ts";
import {
  atRow,
  lines,
  productUniforms,
  type Tile,
  tileWorkgroups,
  vec4,
  wgslTileProduct
} from "./sparse-wgsl.ts";

export type NmAttrs = LinearAttrs & Pattern;

/** A piece holds whole groups. */
const forwardTile = ({m}: Pattern): Tile => ({
  rowQuads: 8,
  columnQuads: 8,
  depth: Math.floor(32 / m) * m
});

const BACK = {rowQuads: 8, columnQuads: 8, depth: 32};

/** The inputs of so many rows of values. */
const inputsFor = (rows: number, {n, m}: Pattern) => (rows / n) * m;

function linksOf(places: Values, rows: number, units: number, pattern: Pattern): Links {
  const links = roomFor(rows * units);
  const placeOf = placeReader(places, units, pattern);
  for (let row = 0; row < rows; ++row) {
    const first = Math.floor(row / pattern.n) * pattern.m;
    for (let unit = 0; unit < units; ++unit)
      addLink(links, first + placeOf(row, unit), unit, row * units + unit);
  }
  return links;
}

function forwardCode(attrs: NmAttrs): string {
  const {n, m, activation} = attrs;
  return (
    wgslActivate(activation) +
    wgslPlace(attrs) +
    wgslTileProduct("x", forwardTile(attrs), {
      value: "activate(sum + bias[column])",
      body: `${lines((j) => `  let unit${j} = min(left + ${j}u, args.columns - 1u);`)}
  for (var start = 0u; start < args.inner; start += DEPTH) {
    stage(thread, top, start);
    let count = min(DEPTH, args.inner - start) / ${m}u * ${n}u;
    for (var v = 0u; v < count; v++) {
      let row = start / ${m}u * ${n}u + v;
      let group = v / ${n}u * ${m}u;
${lines(
  (j) =>
    `      sum${j} += weights[row * args.columns + unit${j}] * ${atRow(`group + place_at(row, unit${j})`)};`
)}
    }
  }`
    })
  );
}

/** The inputs of a thread are four places; a value counts for the one that it belongs to. */
function inputGradCode(attrs: NmAttrs): string {
  const {n, m} = attrs;
  const value = (row: string) => `let row = ${row} * ${n}u + v;
        let place = place_at(row, unit);
        let part = weights[row * args.inner + unit] * four;`;
  // Four inputs from a multiple of four on are of one group, where four divides m.
  const body =
    m % 4 === 0
      ? `        ${value(`left / ${m}u`)}
${lines((j) => `        sum${j} += select(vec4f(0.0), part, place == (left + ${j}u) % ${m}u);`)}`
      : lines(
          (j) => `        {
        ${value(`(left + ${j}u) / ${m}u`)}
        sum${j} += select(vec4f(0.0), part, place == (left + ${j}u) % ${m}u);
        }`
        );
  return (
    wgslPlace(attrs) +
    wgslTileProduct("dy", BACK, {
      value: "sum",
      body: `  for (var start = 0u; start < args.inner; start += DEPTH) {
    stage(thread, top, start);
    let depth = select(0u, min(DEPTH, args.inner - start), left < args.columns);
    for (var k = 0u; k < depth; k++) {
      let four = ${atRow("k")};
      let unit = start + k;
      for (var v = 0u; v < ${n}u; v++) {
${body}
      }
    }
  }`
    })
  );
}

/** Each thread has one row of values of four units. */
function weightGradCode(attrs: NmAttrs): string {
  const {n, m} = attrs;
  return (
    wgslPlace(attrs) +
    flatMain(
      "args.size",
      `  let across = (args.units + 3u) / 4u;
  let left = i % across * 4u;
  let row = i / across;
${lines(
  (j) => `  let unit${j} = min(left + ${j}u, args.units - 1u);
  let input${j} = row / ${n}u * ${m}u + place_at(row, unit${j});`
)}
  var sum = vec4f(0.0);
  for (var b = 0u; b < args.batch; b++) {
    sum += ${vec4((j) => `x[b * args.inputs + input${j}]`)} * ${vec4((j) => `dy[b * args.units + unit${j}]`)};
  }
${lines((j) => `  if (left + ${j}u < args.units) { out0[row * args.units + left + ${j}u] = sum[${j}]; }`)}`
    )
  );
}

function gpuProduct(
  tile: Tile,
  [rows, columns, inner]: readonly [number, number, number],
  words: number
): Omit<GpuKernel, "variant" | "code"> {
  return {
    uniforms: productUniforms({rows, columns, inner, words}),
    workgroups: tileWorkgroups(tile, rows, columns)
  };
}

const inputsOf = ({weights}: Specs, attrs: NmAttrs) => inputsFor(rowsOf(weights), attrs);

const run = defineLinear<NmAttrs>({
  name: "PetriNmLinear",
  structure: ["places"],
  inputsOf,
  weightsShape: ({x, dy}, {n, m}) => [(widthOf(x) / m) * n, widthOf(dy)],
  forward: {
    reads: ["places"],
    twin({x, weights, places, bias}, [out], attrs, specs) {
      const links = linksOf(places as Values, rowsOf(specs.weights), widthOf(specs.weights), attrs);
      const activate = ACTIVATE[attrs.activation];
      multiplyLinks(
        x as Values,
        weights as Values,
        links,
        {out: out as Values, rows: rowsOf(specs.x)},
        (sum, column) => activate(sum + ((bias as Values)[column] as number))
      );
    },
    gpu(specs, attrs) {
      const units = widthOf(specs.weights);
      const sizes = [rowsOf(specs.x), units, inputsOf(specs, attrs)] as const;
      return {
        ...gpuProduct(forwardTile(attrs), sizes, placeWords(units, attrs)),
        variant: `${attrs.n}:${attrs.m} ${attrs.activation}`,
        code: () => forwardCode(attrs)
      };
    }
  },
  inputGrad: {
    reads: ["places"],
    twin({dy, weights, places}, [out], attrs, specs) {
      const links = linksOf(places as Values, rowsOf(specs.weights), widthOf(specs.weights), attrs);
      const target = {out: out as Values, rows: rowsOf(specs.dy), back: true};
      multiplyLinks(dy as Values, weights as Values, links, target);
    },
    gpu(specs, attrs) {
      const units = widthOf(specs.weights);
      const sizes = [rowsOf(specs.dy), inputsOf(specs, attrs), units] as const;
      return {
        ...gpuProduct(BACK, sizes, placeWords(units, attrs)),
        variant: `${attrs.n}:${attrs.m}`,
        code: () => inputGradCode(attrs)
      };
    }
  },
  weightGrad: {
    reads: ["places"],
    twin({x, dy, places}, [out], attrs, specs) {
      const [units, rows] = [widthOf(specs.dy), rowsOf(specs.x)];
      const links = linksOf(places as Values, (widthOf(specs.x) / attrs.m) * attrs.n, units, attrs);
      (out as Values).fill(0);
      linkGradients(x as Values, dy as Values, links, out as Values, rows);
    },
    gpu({x, dy}, attrs) {
      const [inputs, units] = [widthOf(x), widthOf(dy)];
      const size = (inputs / attrs.m) * attrs.n * Math.ceil(units / 4);
      return {
        variant: `${attrs.n}:${attrs.m}`,
        code: () => weightGradCode(attrs),
        uniforms: productUniforms({size, units, inputs, batch: rowsOf(x), words: placeWords(units, attrs)}),
        workgroups: flatWorkgroups(size)
      };
    }
  }
});

/** A linear layer with n of m weights. */
export interface NmLayer {
  /** [rows, in]. */
  x: tf.Tensor;
  /** Made by compressNm; gradients are those of its values. */
  weights: NmWeights;
  /** [units]. */
  bias?: tf.Tensor | undefined;
  activation?: FusedActivation;
}

/**
 * activation(x W + bias), [rows, units], for weights of which n of every m inputs are kept (Mishra et al. 2021): forward and the gradient of the weights take
 * n / m of the multiplications, the gradient of x as many as dense weights, because a unit's places say nothing about another's.
 * One dispatch forward and three back. Throws KernelError where the shapes do not fit.
 */
export function nmLinear({x, weights, bias, activation = "linear"}: NmLayer): tf.Tensor {
  const {n, m, values, places} = weights;
  checkPattern({n, m});
  checkTensor("The values", values, 2);
  checkTensor("The places", places, 2, ["int32"]);
  const [rows = 0, units = 0] = values.shape;
  if (rows % n !== 0 || places.shape[0] !== rows || places.shape[1] !== placeWords(units, {n, m}))
    throw new KernelError(
      `Values [${rows}, ${units}] with places [${places.shape.join(", ")}] are no ${n}:${m} weights: make them with compressNm.`
    );
  checkLinear(x, bias, inputsFor(rows, {n, m}), units);
  return run({x, weights: values, places, bias}, units, {activation, n, m});
}
