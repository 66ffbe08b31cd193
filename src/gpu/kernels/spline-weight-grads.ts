import type {Specs} from "../kernel.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import {type Columns, columnsOf, formOf, splineShader} from "./spline-shader.ts";
import type {SplineSizes} from "./spline-twin.ts";
import {lines, range, wgslBase, wgslWindow} from "./spline-wgsl.ts";

/** Numbers of workgroup memory for the bases of rows: half of what every adapter has. */
const MOST_STAGED = 2048;
/** Intervals that are looked at at a time. */
const CELLS = 128;

/** A counting sort by one thread, of the rows whose intervals are in this block: counts, where each interval begins, the rows in their places. */
const SORT = `for (var cell = 0u; cell <= size; cell++) { ends[cell] = 0u; }
        for (var slot = 0u; slot < count; slot++) {
          let cell = cells[slot] - block;
          if (cell < size - 1u) { ends[cell + 2u] += 1u; }
        }
        for (var cell = 2u; cell <= size; cell++) { ends[cell] += ends[cell - 1u]; }
        for (var slot = 0u; slot < count; slot++) {
          let cell = cells[slot] - block;
          if (cell < size) {
            sorted[ends[cell + 1u]] = slot;
            ends[cell + 1u] += 1u;
          }
        }`;

/** Rows that do not fit into the workgroup's memory come in a later turn and are added to what was written. */
const writeSum = (sum: string, at: string) =>
  `if (top == 0u) { out0[${at}] = ${sum}; } else { out0[${at}] += ${sum}; }`;

/** Threads of a workgroup, and how many columns, or fours of them, each takes: few threads on the CPU, which use what they read more often. */
function shareOf({element, outputs}: Columns, terms: number, isSoftware: boolean) {
  if (!isSoftware) return {threads: outputs > 32 ? 64 : outputs > 8 ? 16 : 8, each: 1};
  return {threads: 4, each: Math.min(Math.ceil(outputs / 4), element === "f32" || terms < 7 ? 4 : 2)};
}

/**
 * The gradients of coefficients and of the base's weights: a workgroup takes one input, puts rows in the order of their intervals
 * and walks along the grid. A thread keeps the `order + 1` sums of its columns that an interval changes in registers, and
 * writes each when no later interval changes it.
 */
export function splineWeightGradsShader(
  specs: Specs,
  sizes: SplineSizes,
  attrs: SplineAttrs,
  {hasBase, isSoftware}: {hasBase: boolean; isSoftware: boolean}
): GpuKernel {
  const form = formOf(specs, attrs);
  const terms = form.order + 1;
  const columns = columnsOf(sizes);
  const {threads, each} = shareOf(columns, terms, isSoftware);
  const wide = threads * each;
  const forColumns = (statement: (s: number) => string) => lines(each, (s) => `        ${statement(s)}`);
  const flush = `${forColumns((s) => `if (column + ${s * threads}u < args.outputs) { ${writeSum(`sum0_${s}`, `write + o${s}`)} }`)}
        write += args.outputs;
${forColumns((s) =>
  range(terms)
    .map((t) => `sum${t}_${s} = ${t < form.order ? `sum${t + 1}_${s}` : columns.zero};`)
    .join(" ")
)}`;
  const rows = Math.floor(MOST_STAGED / (terms + 3));
  return splineShader({
    form,
    sizes,
    attrs,
    tile: `${threads} ${each} ${hasBase}`,
    threads,
    groups: sizes.inputs * Math.ceil(columns.outputs / wide),
    columns,
    wide: ["dy", "out0", "out1"],
    declarations: `var<workgroup> factors: array<f32, ${rows * terms}>;
var<workgroup> residuals: array<f32, ${rows}>;
var<workgroup> cells: array<u32, ${rows}>;
var<workgroup> sorted: array<u32, ${rows}>;
var<workgroup> ends: array<u32, ${CELLS + 1}>;`,
    body: () => `  let across = (args.outputs + ${wide - 1}u) / ${wide}u;
  let input = tile / across;
  let column = tile % across * ${wide}u + thread;
${forColumns((s) => `let o${s} = min(column + ${s * threads}u, args.outputs - 1u);`)}
  if (input >= args.inputs) { return; }
${forColumns((s) => `var residual${s} = ${columns.zero};`)}
  for (var top = 0u; top < args.rows; top += ${rows}u) {
    let count = min(${rows}u, args.rows - top);
    workgroupBarrier();
    for (var slot = thread; slot < count; slot += ${threads}u) {
      let at = x[(top + slot) * args.inputs + input];
${wgslWindow(form, false)}
${lines(terms, (t) => `      factors[slot * ${terms}u + ${t}u] = b${t};`)}
      cells[slot] = u32(first);
      ${hasBase ? `residuals[slot] = ${wgslBase(form)};` : ""}
    }
${forColumns((s) =>
  range(terms)
    .map((t) => `var sum${t}_${s} = ${columns.zero};`)
    .join(" ")
)}
    var write = input * bases * args.outputs;
    for (var block = 0u; block < args.intervals; block += ${CELLS}u) {
      let size = min(${CELLS}u, args.intervals - block);
      workgroupBarrier();
      if (thread == 0u) {
        ${SORT}
      }
      workgroupBarrier();
      for (var cell = 0u; cell < size; cell++) {
        for (var place = ends[cell]; place < ends[cell + 1u]; place++) {
          let slot = sorted[place];
          let from_row = (top + slot) * args.outputs;
${lines(terms, (t) => `          let f${t} = factors[slot * ${terms}u + ${t}u];`)}
          ${hasBase ? "let residual = residuals[slot];" : ""}
${forColumns(
  (s) => `  let upstream${s} = dy[from_row + o${s}];
          ${range(terms)
            .map((t) => `sum${t}_${s} += f${t} * upstream${s};`)
            .join(" ")}
          ${hasBase ? `residual${s} += residual * upstream${s};` : ""}`
)}
        }
${flush}
      }
    }
    for (var rest = 0u; rest < ${form.order}u; rest++) {
${flush}
    }
  }
${hasBase ? forColumns((s) => `if (column + ${s * threads}u < args.outputs) { out1[input * args.outputs + o${s}] = residual${s}; }`) : ""}`
  });
}
