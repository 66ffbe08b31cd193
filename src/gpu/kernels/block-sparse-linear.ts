import type {Values} from "../kernel.ts";
import type * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate} from "./activation-wgsl.ts";
import {type BlockPattern, checkBlocks} from "./block-format.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {ACTIVATE} from "./matmul-twin.ts";
import {rowsOf} from "./matrix-sizes.ts";
import {checkLinear, defineLinear, type LinearAttrs} from "./sparse-linear.ts";
import {addLink, type Links, linkGradients, multiplyLinks, roomFor} from "./sparse-twin.ts";
import {
  atRow,
  LANES,
  lines,
  productUniforms,
  type Tile,
  tileWorkgroups,
  vec4,
  wgslTileProduct
} from "./sparse-wgsl.ts";

export interface BlockAttrs extends LinearAttrs {
  size: number;
  inputs: number;
  units: number;
}

/** A workgroup makes as many rows of one block column as give each of its threads four by four results. */
const tileOf = (size: number): Tile => ({rowQuads: 256 / size, columnQuads: size / 4, depth: size});

/** The weights one by one, block by block. */
function linksOf(rows: Values, columns: Values, size: number): Links {
  const links = roomFor(rows.length * size * size);
  rows.forEach((row, block) => {
    const column = columns[block] as number;
    for (let i = 0; i < size; ++i)
      for (let j = 0; j < size; ++j)
        addLink(links, row * size + i, column * size + j, (block * size + i) * size + j);
  });
  return links;
}

interface Walk {
  /** The matrix that is multiplied. */
  a: "x" | "dy";
  /** WGSL: which blocks a block column of the result has, from the place `e` of each. */
  starts: string;
  block: string;
  /** Where the block's part of `a` begins, in blocks. */
  source: string;
  /** The block's weight for lane j of the result and place k of `a`. */
  weight: (j: number) => string;
  value: string;
}

function walkCode(size: number, {a, starts, block, source, weight, value}: Walk): string {
  return wgslTileProduct(a, tileOf(size), {
    value,
    body: `  let end = u32(${starts}[group.x + 1u]);
  for (var e = u32(${starts}[group.x]); e < end; e++) {
    let block = ${block};
    stage(thread, top, u32(${source}[block]) * DEPTH);
    for (var k = 0u; k < DEPTH; k++) {
      let four = ${atRow("k")};
${lines((j) => `      sum${j} += weights[block * ${size * size}u + ${weight(j)}] * four;`)}
    }
  }`
  });
}

/** Each thread has four by four weights of a block. */
const weightGradCode = (size: number) => {
  const quads = size / 4;
  return flatMain(
    "args.size",
    `  let block = i / ${quads * quads}u;
  let top = i / ${quads}u % ${quads}u * 4u;
  let left = i % ${quads}u * 4u;
  let row = u32(rows[block]) * ${size}u + top;
  let column = u32(columns[block]) * ${size}u + left;
${lines((j) => `  var sum${j} = vec4f(0.0);`)}
  for (var n = 0u; n < args.batch; n++) {
    let at = n * args.units + column;
    let four = ${vec4((j) => `dy[at + ${j}u]`)};
${lines((j) => `    sum${j} += x[n * args.inputs + row + ${j}u] * four;`)}
  }
  let first = (block * ${size}u + top) * ${size}u + left;
${LANES.flatMap((i) => LANES.map((j) => `  out0[first + ${i * size + j}u] = sum${i}[${j}];`)).join("\n")}`
  );
};

const run = defineLinear<BlockAttrs>({
  name: "PetriBlockSparseLinear",
  structure: ["rows", "columns", "columnStarts", "byRow", "rowStarts"],
  inputsOf: (_specs, {inputs}) => inputs,
  weightsShape: ({rows}, {size}) => [rowsOf(rows), size, size],
  forward: {
    reads: ["rows", "columnStarts"],
    twin({x, weights, rows, columns, bias}, [out], {activation, size}, specs) {
      const activate = ACTIVATE[activation];
      multiplyLinks(
        x as Values,
        weights as Values,
        linksOf(rows as Values, columns as Values, size),
        {out: out as Values, rows: rowsOf(specs.x)},
        (sum, column) => activate(sum + ((bias as Values)[column] as number))
      );
    },
    gpu({x}, {activation, size, inputs, units}) {
      return {
        variant: `${size} ${activation}`,
        code: () =>
          wgslActivate(activation) +
          walkCode(size, {
            a: "x",
            starts: "columnStarts",
            block: "e",
            source: "rows",
            weight: (j) => `k * DEPTH + columnQuad * 4u + ${j}u`,
            value: "activate(sum + bias[column])"
          }),
        uniforms: productUniforms({rows: rowsOf(x), columns: units, inner: inputs}),
        workgroups: tileWorkgroups(tileOf(size), rowsOf(x), units)
      };
    }
  },
  inputGrad: {
    reads: ["columns", "byRow", "rowStarts"],
    twin({dy, weights, rows, columns}, [out], {size}, specs) {
      const links = linksOf(rows as Values, columns as Values, size);
      const target = {out: out as Values, rows: rowsOf(specs.dy), back: true};
      multiplyLinks(dy as Values, weights as Values, links, target);
    },
    gpu({dy}, {size, inputs, units}) {
      return {
        variant: String(size),
        code: () =>
          walkCode(size, {
            a: "dy",
            starts: "rowStarts",
            block: "u32(byRow[e])",
            source: "columns",
            weight: (j) => `(columnQuad * 4u + ${j}u) * DEPTH + k`,
            value: "sum"
          }),
        uniforms: productUniforms({rows: rowsOf(dy), columns: inputs, inner: units}),
        workgroups: tileWorkgroups(tileOf(size), rowsOf(dy), inputs)
      };
    }
  },
  weightGrad: {
    reads: ["rows", "columns"],
    twin({x, dy, rows, columns}, [out], {size}, specs) {
      (out as Values).fill(0);
      const links = linksOf(rows as Values, columns as Values, size);
      linkGradients(x as Values, dy as Values, links, out as Values, rowsOf(specs.x));
    },
    gpu({x, rows}, {size, inputs, units}) {
      const threads = (rowsOf(rows) * size * size) / 16;
      return {
        variant: String(size),
        code: () => weightGradCode(size),
        uniforms: productUniforms({size: threads, batch: rowsOf(x), inputs, units}),
        workgroups: flatWorkgroups(threads)
      };
    }
  }
});

/** A linear layer of which only some blocks of weights are kept. */
export interface BlockSparseLayer {
  /** [rows, inputs]. */
  x: tf.Tensor;
  /** The kept blocks [count, size, size], as packBlocks makes them. */
  weights: tf.Tensor;
  pattern: BlockPattern;
  /** [units]. */
  bias?: tf.Tensor | undefined;
  activation?: FusedActivation;
}

/**
 * activation(x W + bias), [rows, units], for weights kept in blocks (BSR, by block columns): all three products take time for the kept blocks
 * alone. One dispatch forward and three back; every sum has one order. Throws KernelError where the shapes do not fit.
 */
export function blockSparseLinear(layer: BlockSparseLayer): tf.Tensor {
  const {x, weights, pattern, bias, activation = "linear"} = layer;
  const {size, inputs, units, rows, columns, columnStarts, byRow, rowStarts} = pattern;
  checkBlocks(weights, pattern);
  checkLinear(x, bias, inputs, units);
  const structure = {rows, columns, columnStarts, byRow, rowStarts};
  return run({x, weights, ...structure, bias}, units, {activation, size, inputs, units});
}
