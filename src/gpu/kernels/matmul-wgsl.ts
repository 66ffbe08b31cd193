import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate, wgslSlope} from "./activation-wgsl.ts";
import {type Operand, starts} from "./matmul-operand.ts";
import {
  addedUp,
  corners,
  eachSum,
  eachTotal,
  LANES,
  lines,
  type Sums,
  sumNames,
  workgroupMemory,
  writtenFour
} from "./matmul-sums.ts";
import type {Tile} from "./matmul-tiles.ts";

/** Sizes of products [rows, inner] x [inner, columns] and how their operands lie in memory. */
export interface MatMulLayout {
  /** Matrices in the stack; each is multiplied with its own. */
  batch: number;
  rows: number;
  columns: number;
  inner: number;
  transposeA: boolean;
  transposeB: boolean;
  hasBias: boolean;
  activation: FusedActivation;
}

/** A product as a kernel: with what the backward pass of a layer does on the way. */
export interface Product extends MatMulLayout {
  /** An operand that is a gradient dy, to be multiplied by the slope of this activation at its values `y`. */
  slope?: {of: "a" | "b"; activation: FusedActivation};
  /** A second output: the sums of b over the inner index, [columns]. */
  hasColumnSums?: boolean;
  /**
   * The rows of b are times `factors`, a number each, and those before `positives` have `offsets` added, a number for each column:
   * to all of them, or where b is above zero. See goodness-grads.ts.
   */
  errors?: {positives: number; offsets: "all" | "awake" | undefined};
}

const MOST_WORKGROUPS = 65_535;

/** A product of matrices as one dispatch. Inputs a, b, and bias and y where there are any; every way of sharing the work out. */
export function matMulKernel(product: Product, tile: Tile): GpuKernel {
  const {batch, rows, columns, inner} = product;
  const tilesAcross = Math.ceil(columns / (4 * tile.quadsAcross * tile.across));
  const tiles = tilesAcross * Math.ceil(rows / (4 * tile.quadsDown * tile.down));
  const groupRows = Math.ceil(tiles / MOST_WORKGROUPS);
  const u32 = (value: number) => ({type: "u32", value}) as const;
  const plan = planOf(product, tile);
  return {
    variant: variantOf(plan),
    code: () => code(plan),
    elements: vectorBindings(plan),
    uniforms: {
      rows: u32(rows),
      columns: u32(columns),
      inner: u32(inner),
      batch: u32(batch),
      tiles: u32(tiles),
      tilesAcross: u32(tilesAcross),
      ...(product.errors && {positives: u32(product.errors.positives)})
    },
    workgroups: [Math.ceil(tiles / groupRows), groupRows, Math.min(batch, MOST_WORKGROUPS)]
  };
}

/** All that the code varies by. */
interface Plan extends Sums {
  product: Product;
  /** The rows of the result are whole quads. */
  hasVectorRows: boolean;
}

function planOf(product: Product, tile: Tile): Plan {
  const {rows, columns, inner, slope} = product;
  // A matrix of one row lies in memory as one of one column does, and four in a row are read at once.
  const transposeA = product.transposeA && rows > 1;
  const transposeB = product.transposeB || (columns === 1 && !product.errors);
  const isWhole = inner % 4 === 0;
  const operand = (name: "a" | "b", along: Operand["along"], size: number): Operand => ({
    name,
    outer: name === "a" ? "rows" : "columns",
    along,
    isVector: along === "outer" ? size % 4 === 0 : isWhole,
    hasSlope: slope?.of === name
  });
  const a = operand("a", transposeA ? "outer" : "inner", rows);
  const b: Operand = {
    ...operand("b", transposeB ? "inner" : "outer", columns),
    ...(product.errors && {madeOf: (...[value, k, first]) => `row_error(${value}, ${k}, ${first})`})
  };
  const steps = isWhole && [a, b].some(({along}) => along === "inner") ? 4 : 1;
  const {hasColumnSums = false} = product;
  return {product, tile, a, b, steps, hasColumnSums, hasVectorRows: columns % 4 === 0};
}

function variantOf({product, tile, a, b, steps, hasVectorRows}: Plan): string {
  const {hasBias, activation, slope, hasColumnSums, errors} = product;
  const {kind, quadsDown, quadsAcross, down, across, splits} = tile;
  const lies = ({along, isVector}: Operand) => `${along}${isVector ? 4 : ""}`;
  return [
    `${kind} ${[quadsDown, quadsAcross, down, across, splits].join("-")}`,
    `${lies(a)} ${lies(b)} ${steps} ${hasVectorRows}`,
    `${hasBias ? "+bias " : ""}${activation}`,
    slope ? `${slope.activation} of ${slope.of}` : "",
    hasColumnSums ? "sums" : "",
    errors ? `errors ${errors.offsets}` : ""
  ].join(", ");
}

function vectorBindings({product, a, b, hasVectorRows}: Plan): GpuKernel["elements"] {
  const {slope, hasBias, hasColumnSums, errors} = product;
  const graded = slope && [a, b].find(({name}) => name === slope.of);
  const names = [
    ...[a, b].filter(({isVector}) => isVector).map(({name}) => name),
    ...(graded?.isVector ? ["y"] : []),
    ...(hasVectorRows ? ["out0", ...(hasBias ? ["bias"] : []), ...(hasColumnSums ? ["out1"] : [])] : []),
    ...(hasVectorRows && errors?.offsets ? ["offsets"] : [])
  ];
  return Object.fromEntries(names.map((name) => [name, "vec4f"]));
}

function code(plan: Plan): string {
  const {product, tile, a, b} = plan;
  const {slope, activation, hasColumnSums} = product;
  const {quadsDown, quadsAcross, down, across, splits} = tile;
  return lines(
    slope ? wgslSlope(slope.activation) : "",
    activation === "linear" ? "" : wgslActivate(activation),
    product.errors ? rowError(plan) : "",
    finish(plan),
    workgroupMemory(plan),
    `@compute @workgroup_size(${down * across * splits})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tile = group.y * groups.x + group.x;
  if (tile >= args.tiles) { return; }
  let part = thread % ${splits}u;
  let place = thread / ${splits}u;
  let down = place / ${across}u;
  let across = place % ${across}u;
  let tileTop = tile / args.tilesAcross * ${4 * quadsDown * down}u;
  let tileLeft = tile % args.tilesAcross * ${4 * quadsAcross * across}u;`,
    corners(plan),
    hasColumnSums ? "let isFirst = top0 == 0u;" : "",
    "for (var stack = group.z; stack < args.batch; stack += groups.z) {",
    starts([a, b]),
    "let start = stack * args.rows * args.columns;",
    addedUp(plan),
    tile.kind === "split" ? joined(plan) : finished(plan),
    "}\n}"
  );
}

/** `row_error` is what stands for four numbers of b. */
function rowError({product, hasVectorRows}: Plan): string {
  const {offsets} = product.errors ?? {};
  const four = hasVectorRows
    ? "offsets[min(first, args.columns - 4u) / 4u]"
    : `vec4f(${LANES.map((j) => `offsets[min(first + ${j}u, args.columns - 1u)]`).join(", ")})`;
  const counts = `vec4<bool>(k < args.positives)${offsets === "awake" ? " & (value > vec4f(0.0))" : ""}`;
  return lines(
    "fn row_error(value: vec4f, k: u32, first: u32) -> vec4f {",
    offsets ? `let offset = select(vec4f(0.0), ${four}, ${counts});` : "",
    `return value * factors[k]${offsets ? " + offset" : ""};\n}`
  );
}

/** `finish` writes four outputs of a row, `finishSums` four sums of b's columns. */
function finish({product, hasVectorRows}: Plan): string {
  const {hasBias, activation, hasColumnSums} = product;
  const four = (array: string, at: string) => writtenFour(array, at, "y", hasVectorRows);
  const bias = hasVectorRows
    ? "bias[min(left, args.columns - 4u) / 4u]"
    : `vec4f(${LANES.map((j) => `bias[min(left + ${j}u, args.columns - 1u)]`).join(", ")})`;
  const sum = hasBias ? `sum + ${bias}` : "sum";
  return lines(
    `fn finish(start: u32, row: u32, left: u32, sum: vec4f) {
if (row >= args.rows) { return; }
let y = ${activation === "linear" ? sum : `activate(${sum})`};
${four("out0", "start + row * args.columns + left")}
}`,
    hasColumnSums ? `fn finishSums(left: u32, y: vec4f) {\n${four("out1", "left")}\n}` : ""
  );
}

const finished = (plan: Plan): string[] => [
  ...eachSum(plan, (row, left, sum) => `finish(start, ${row}, ${left}, ${sum});`),
  ...eachTotal(plan, (left, sum) => `finishSums(${left}, ${sum});`)
];

/** The parts of each sum in the order of the threads that made them; blocks of a split product are one quad wide and high. */
function joined(plan: Plan): string[] {
  const {splits} = plan.tile;
  const names = sumNames(plan);
  const sums = plan.product.hasColumnSums ? 4 : names.length;
  return [
    ...names.map((name, i) => `parts[thread * ${names.length}u + ${i}u] = ${name};`),
    "workgroupBarrier();",
    `for (var which = part; which < ${names.length}u; which += ${splits}u) {`,
    "var sum = vec4f(0.0);",
    `for (var other = 0u; other < ${splits}u; other++) { sum += parts[(place * ${splits}u + other) * ${names.length}u + which]; }`,
    sums === names.length
      ? "finish(start, top0 + which, left0, sum);"
      : `if (which < ${sums}u) { finish(start, top0 + which, left0, sum); } else if (isFirst) { finishSums(left0, sum); }`,
    "}",
    "workgroupBarrier();"
  ];
}
