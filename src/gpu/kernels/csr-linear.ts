import type {Values} from "../kernel.ts";
import {checkTensor, KernelError} from "../kernel-error.ts";
import type * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate} from "./activation-wgsl.ts";
import type {CsrPattern} from "./csr-format.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {ACTIVATE} from "./matmul-twin.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";
import {checkLinear, defineLinear, type LinearAttrs} from "./sparse-linear.ts";
import {type Links, linkGradients, multiplyLinks} from "./sparse-twin.ts";
import {lines, productUniforms, vec4} from "./sparse-wgsl.ts";

export interface CsrAttrs extends LinearAttrs {
  inputs: number;
  units: number;
}

function linksOf(rows: Values, columns: Values): Links {
  const count = rows.length;
  const places = Int32Array.from({length: count}, (_, k) => k);
  return {count, inputs: rows as Int32Array, units: columns as Int32Array, places};
}

interface Walk {
  a: "x" | "dy";
  /** WGSL: where the weights of a column of the result begin, and which one place `e` is. */
  starts: string;
  weight: string;
  /** Which column of `a` it is multiplied with. */
  source: string;
  value: string;
}

/** Each thread makes four rows of one column; threads of one column stand next to each other and read the same weights. */
const walkCode = ({a, starts, weight, source, value}: Walk) =>
  flatMain(
    "args.size",
    `  let quads = (args.rows + 3u) / 4u;
  let column = i / quads;
  let top = i % quads * 4u;
${lines((j) => `  let at${j} = min(top + ${j}u, args.rows - 1u) * args.inner;`)}
  var sum = vec4f(0.0);
  let end = u32(${starts}[column + 1u]);
  for (var e = u32(${starts}[column]); e < end; e++) {
    let k = ${weight};
    let place = u32(${source}[k]);
    sum += weights[k] * ${vec4((j) => `${a}[at${j} + place]`)};
  }
  let y = ${value};
  for (var j = 0u; j < min(4u, args.rows - top); j++) { out0[(top + j) * args.columns + column] = y[j]; }`
  );

function walkRun(rows: number, columns: number, inner: number) {
  const size = Math.ceil(rows / 4) * columns;
  return {uniforms: productUniforms({size, rows, columns, inner}), workgroups: flatWorkgroups(size)};
}

const run = defineLinear<CsrAttrs>({
  name: "PetriCsrLinear",
  structure: ["rows", "columns", "rowStarts", "byUnit", "unitStarts"],
  inputsOf: (_specs, {inputs}) => inputs,
  weightsShape: ({rows}) => [rowsOf(rows)],
  // Our WebAssembly has all three: ../wasm/assembly/sparse.ts.
  forward: {
    reads: ["rows", "byUnit", "unitStarts"],
    twin({x, weights, rows, columns, bias}, [out], {activation}, specs) {
      const activate = ACTIVATE[activation];
      multiplyLinks(
        x as Values,
        weights as Values,
        linksOf(rows as Values, columns as Values),
        {out: out as Values, rows: rowsOf(specs.x)},
        (sum, column) => activate(sum + ((bias as Values)[column] as number))
      );
    },
    gpu({x}, {activation, inputs, units}) {
      return {
        ...walkRun(rowsOf(x), units, inputs),
        variant: activation,
        code: () =>
          wgslActivate(activation) +
          walkCode({
            a: "x",
            starts: "unitStarts",
            weight: "u32(byUnit[e])",
            source: "rows",
            value: "activate(sum + bias[column])"
          })
      };
    }
  },
  inputGrad: {
    reads: ["columns", "rowStarts"],
    twin({dy, weights, rows, columns}, [out], _attrs, specs) {
      const target = {out: out as Values, rows: rowsOf(specs.dy), back: true};
      multiplyLinks(dy as Values, weights as Values, linksOf(rows as Values, columns as Values), target);
    },
    gpu({dy}, {inputs, units}) {
      return {
        ...walkRun(rowsOf(dy), inputs, units),
        variant: "",
        code: () => walkCode({a: "dy", starts: "rowStarts", weight: "e", source: "columns", value: "sum"})
      };
    }
  },
  weightGrad: {
    reads: ["rows", "columns"],
    twin({x, dy, rows, columns}, [out], _attrs, specs) {
      (out as Values).fill(0);
      const links = linksOf(rows as Values, columns as Values);
      linkGradients(x as Values, dy as Values, links, out as Values, rowsOf(specs.x));
    },
    gpu({x, dy, rows}) {
      const size = rowsOf(rows);
      return {
        variant: "",
        code: () =>
          flatMain(
            "args.size",
            `  let input = u32(rows[i]);
  let unit = u32(columns[i]);
  var sum = 0.0;
  for (var b = 0u; b < args.batch; b++) { sum += x[b * args.inputs + input] * dy[b * args.units + unit]; }
  out0[i] = sum;`
          ),
        uniforms: productUniforms({size, batch: rowsOf(x), inputs: widthOf(x), units: widthOf(dy)}),
        workgroups: flatWorkgroups(size)
      };
    }
  }
});

/** A linear layer of which single weights are kept. */
export interface CsrLayer {
  /** [rows, inputs]. */
  x: tf.Tensor;
  /** The kept weights, [count], by rows of the matrix. */
  weights: tf.Tensor;
  pattern: CsrPattern;
  /** [units]. */
  bias?: tf.Tensor | undefined;
  activation?: FusedActivation;
}

/**
 * activation(x W + bias), [rows, units], for weights kept one by one (compressed sparse rows): all three products take time for the kept weights alone, as
 * in SparseProp (Nikdan et al. 2023), whose idea of running along the batch the CPU's loops follow. One dispatch forward and three back; every sum has one
 * order. Throws KernelError where the shapes do not fit.
 */
export function csrLinear(layer: CsrLayer): tf.Tensor {
  const {x, weights, pattern, bias, activation = "linear"} = layer;
  const {inputs, units, count, rows, columns, rowStarts, byUnit, unitStarts} = pattern;
  checkTensor("The weights", weights, 1);
  if (weights.size !== count)
    throw new KernelError(`The pattern keeps ${count} weights, got [${weights.shape.join(", ")}].`);
  checkLinear(x, bias, inputs, units);
  const structure = {rows, columns, rowStarts, byUnit, unitStarts};
  return run({x, weights, ...structure, bias}, units, {activation, inputs, units});
}
