import type {Specs, Values} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import type * as tf from "../tfjs.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate} from "./activation-wgsl.ts";
import {wordsFor} from "./bit-mask.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {ACTIVATE} from "./matmul-twin.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";
import {checkLinear, defineLinear, type LinearAttrs} from "./sparse-linear.ts";
import {addLink, type Links, linkGradients, multiplyLinks, roomFor} from "./sparse-twin.ts";
import {atRow, LANES, lines, productUniforms, tileWorkgroups, vec4, wgslTileProduct} from "./sparse-wgsl.ts";

export interface MaskedAttrs extends LinearAttrs {
  /** The gradient of pruned weights too, as if they were zeros. */
  denseGradient: boolean;
}

const TILE = {rowQuads: 8, columnQuads: 8, depth: 32};

const isPacked = ({mask}: Specs) => mask?.dtype === "int32";

/** The weights that the mask keeps, one by one; all of them without a mask. */
function linksOf(mask: Values | undefined, specs: Specs, inputs: number, units: number): Links {
  if (!mask) {
    const links = roomFor(inputs * units);
    for (let at = 0; at < inputs * units; ++at) addLink(links, Math.floor(at / units), at % units, at);
    return links;
  }
  if (isPacked(specs)) return linksOfBits(mask, units);
  const links = roomFor(mask.length);
  for (let at = 0; at < mask.length; ++at)
    if (mask[at] !== 0) addLink(links, Math.floor(at / units), at % units, at);
  return links;
}

function linksOfBits(words: Values, units: number): Links {
  const width = wordsFor(units);
  let count = 0;
  for (const word of words) count += bitCount(word);
  const links = roomFor(count);
  for (let w = 0; w < words.length; ++w) {
    const input = Math.floor(w / width);
    for (let rest = words[w] as number; rest !== 0; rest &= rest - 1) {
      const unit = (w % width) * 32 + 31 - Math.clz32(rest & -rest);
      addLink(links, input, unit, input * units + unit);
    }
  }
  return links;
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) ++count;
  return count;
}

/** The weights times a mask of floats. */
function kept(weights: Values, mask: Values, specs: Specs): Values {
  return isPacked(specs) ? weights : weights.map((weight, i) => weight * (mask[i] as number));
}

/** WGSL: a weight as the mask leaves it. */
const wgslWeight = (specs: Specs) => `fn weight(at: u32, isKept: bool) -> f32 {
  ${isPacked(specs) ? "return select(0.0, weights[at], isKept);" : "return weights[at] * mask[at];"}
}
`;

/** WGSL: the mask's bits of the four columns from `left` on, in one row of the weights. */
const wgslNibble = (row: string) =>
  `(bitcast<u32>(mask[(${row}) * args.words + left / 32u]) >> (left % 32u)) & 15u`;

function forwardCode(specs: Specs, activation: FusedActivation): string {
  const packed = isPacked(specs);
  return (
    wgslActivate(activation) +
    wgslWeight(specs) +
    wgslTileProduct("x", TILE, {
      value: "activate(sum + bias[column])",
      body: `  for (var start = 0u; start < args.inner; start += DEPTH) {
    stage(thread, top, start);
    let depth = select(0u, min(DEPTH, args.inner - start), left < args.columns);
    for (var k = 0u; k < depth; k++) {
      let at = (start + k) * args.columns + left;
      ${packed ? `let bits = ${wgslNibble("start + k")};\n      if (bits == 0u) { continue; }` : "let bits = 15u;"}
      let four = ${atRow("k")};
${lines((j) => `      sum${j} += weight(at + ${j}u, (bits & ${1 << j}u) != 0u) * four;`)}
    }
  }`
    })
  );
}

/** A piece is as deep as a word of the mask: its bits are the weights of that piece. */
function inputGradCode(specs: Specs): string {
  const packed = isPacked(specs);
  const add = (j: number) => `sum${j} += weight(at${j} + k, ((bits${j} >> k) & 1u) != 0u) * four;`;
  const loop = packed
    ? `var rest = bits0 | bits1 | bits2 | bits3;
    while (rest != 0u) {
      let k = firstTrailingBit(rest);
      rest &= rest - 1u;`
    : "for (var k = 0u; k < min(DEPTH, args.inner - start); k++) {";
  return (
    wgslWeight(specs) +
    wgslTileProduct("dy", TILE, {
      value: "sum",
      body: `  for (var start = 0u; start < args.inner; start += DEPTH) {
    stage(thread, top, start);
${lines(
  (j) => `    let row${j} = min(left + ${j}u, args.columns - 1u);
    let at${j} = row${j} * args.inner + start;
    let bits${j} = ${packed ? `bitcast<u32>(mask[row${j} * args.words + start / 32u])` : "0u"};`
)}
    ${loop}
      let four = ${atRow("k")};
${lines((j) => `      ${add(j)}`)}
    }
  }`
    })
  );
}

/** Each thread has four weights of four inputs; where the mask keeps none of a row of them, it reads nothing for it. */
function weightGradCode(specs: Specs, denseGradient: boolean): string {
  const bits = (i: number) => (isPacked(specs) && !denseGradient ? wgslNibble(`row${i}`) : "15u");
  const scaled = (i: number, j: number) => {
    if (denseGradient) return `sum${i}[${j}]`;
    return isPacked(specs)
      ? `select(0.0, sum${i}[${j}], (bits${i} & ${1 << j}u) != 0u)`
      : `sum${i}[${j}] * mask[at]`;
  };
  return flatMain(
    "args.size",
    `  ${denseGradient ? "_ = &mask; // What is bound must be used." : ""}
  let across = (args.columns + 3u) / 4u;
  let left = i % across * 4u;
  let top = i / across * 4u;
${lines((j) => `  let column${j} = min(left + ${j}u, args.columns - 1u);`)}
${lines(
  (j) => `  let row${j} = min(top + ${j}u, args.rows - 1u);
  let bits${j} = ${bits(j)};
  var sum${j} = vec4f(0.0);`
)}
  if ((bits0 | bits1 | bits2 | bits3) != 0u) {
    for (var n = 0u; n < args.inner; n++) {
      let four = ${vec4((j) => `dy[n * args.columns + column${j}]`)};
${lines((j) => `      if (bits${j} != 0u) { sum${j} += x[n * args.rows + row${j}] * four; }`)}
    }
  }
${lines((row) =>
  LANES.map(
    (j) => `  if (top + ${row}u < args.rows && left + ${j}u < args.columns) {
    let at = row${row} * args.columns + left + ${j}u;
    out0[at] = ${scaled(row, j)};
  }`
  ).join("\n")
)}`
  );
}

const variantOf = (specs: Specs) => (isPacked(specs) ? "bits" : "floats");

function gpuProduct(
  rows: number,
  columns: number,
  inner: number,
  units: number
): Omit<GpuKernel, "variant" | "code"> {
  return {
    uniforms: productUniforms({rows, columns, inner, words: wordsFor(units)}),
    workgroups: tileWorkgroups(TILE, rows, columns)
  };
}

const run = defineLinear<MaskedAttrs>({
  name: "PetriMaskedLinear",
  structure: ["mask"],
  inputsOf: ({weights}) => rowsOf(weights),
  weightsShape: ({x, dy}) => [widthOf(x), widthOf(dy)],
  forward: {
    reads: ["mask"],
    twin({x, weights, mask, bias}, [out], {activation}, specs) {
      const links = linksOf(mask, specs, rowsOf(specs.weights), widthOf(specs.weights));
      const activate = ACTIVATE[activation];
      multiplyLinks(
        x as Values,
        kept(weights as Values, mask as Values, specs),
        links,
        {out: out as Values, rows: rowsOf(specs.x)},
        (sum, column) => activate(sum + ((bias as Values)[column] as number))
      );
    },
    gpu(specs, {activation}) {
      const [inputs, units] = [rowsOf(specs.weights), widthOf(specs.weights)];
      return {
        ...gpuProduct(rowsOf(specs.x), units, inputs, units),
        variant: `${variantOf(specs)} ${activation}`,
        code: () => forwardCode(specs, activation)
      };
    }
  },
  inputGrad: {
    reads: ["mask"],
    twin({dy, weights, mask}, [out], _attrs, specs) {
      const links = linksOf(mask, specs, rowsOf(specs.weights), widthOf(specs.weights));
      const own = kept(weights as Values, mask as Values, specs);
      multiplyLinks(dy as Values, own, links, {out: out as Values, rows: rowsOf(specs.dy), back: true});
    },
    gpu(specs) {
      const [inputs, units] = [rowsOf(specs.weights), widthOf(specs.weights)];
      return {
        ...gpuProduct(rowsOf(specs.dy), inputs, units, units),
        variant: variantOf(specs),
        code: () => inputGradCode(specs)
      };
    }
  },
  weightGrad: {
    reads: ["mask"],
    twin({x, dy, mask}, [out], {denseGradient}, specs) {
      const to = out as Values;
      const links = linksOf(denseGradient ? undefined : mask, specs, widthOf(specs.x), widthOf(specs.dy));
      to.fill(0);
      linkGradients(x as Values, dy as Values, links, to, rowsOf(specs.x));
      if (denseGradient || isPacked(specs)) return;
      for (let i = 0; i < to.length; ++i) to[i] = (to[i] as number) * ((mask as Values)[i] as number);
    },
    gpu(specs, {denseGradient}) {
      const [inputs, units] = [widthOf(specs.x), widthOf(specs.dy)];
      const size = Math.ceil(inputs / 4) * Math.ceil(units / 4);
      return {
        variant: `${variantOf(specs)} ${denseGradient ? "dense" : ""}`,
        code: () => weightGradCode(specs, denseGradient),
        uniforms: productUniforms({
          size,
          rows: inputs,
          columns: units,
          inner: rowsOf(specs.x),
          words: wordsFor(units)
        }),
        workgroups: flatWorkgroups(size)
      };
    }
  }
});

/** A linear layer with a mask on its weights. */
export interface MaskedLayer {
  /** [rows, in]. */
  x: tf.Tensor;
  /** [in, units]. */
  weights: tf.Tensor;
  /** [in, units], or packed by packMask, int32 [in, ceil(units / 32)]: a 32nd of the memory. */
  mask: tf.Tensor;
  /** [units]. */
  bias?: tf.Tensor | undefined;
  activation?: FusedActivation;
  /** The gradient reaches pruned weights too, as if the mask were ones for it: what RigL grows weights by. */
  denseGradient?: boolean;
}

/**
 * activation(x (weights * mask) + bias), [rows, units], without the masked weights in between: the mask is read inside the
 * products. Four or more weights in a row that a packed mask prunes are not read; on wasm and cpu no pruned weight costs any time. The gradients of x and of the weights hold
 * what the mask keeps; the mask itself has none. A pruned weight counts as 0, whether or not 0 times what is no number is one. Throws KernelError where the shapes do not fit.
 */
export function maskedLinear(layer: MaskedLayer): tf.Tensor {
  const {x, weights, mask, bias, activation = "linear", denseGradient = false} = layer;
  checkTensor("The weights", weights, 2);
  const [inputs = 0, units = 0] = weights.shape;
  checkLinear(x, bias, inputs, units);
  checkTensor("The mask", mask, 2, ["float32", "int32"]);
  const columns = mask.dtype === "int32" ? wordsFor(units) : units;
  if (mask.shape[0] !== inputs || mask.shape[1] !== columns)
    throw new KernelError(
      `A mask of ${mask.dtype} for weights [${inputs}, ${units}] must be [${inputs}, ${columns}], got [${mask.shape.join(", ")}].`
    );
  return run({x, weights, mask, bias}, units, {activation, denseGradient});
}
