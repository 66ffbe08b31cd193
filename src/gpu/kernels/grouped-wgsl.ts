// WGSL of products of rows with the matrices of their groups. How many rows a group has is known to the device alone: the grid has tiles for the worst
// case, and those that nobody needs end at once.
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate, wgslSlope} from "./activation-wgsl.ts";
import type {GroupedSizes} from "./grouped-twin.ts";
import type {Operand} from "./matmul-operand.ts";
import {
  addedUp,
  corners,
  eachSum,
  eachTotal,
  LANES,
  lines,
  type Sums,
  workgroupMemory,
  writtenFour
} from "./matmul-sums.ts";
import type {Tile} from "./matmul-tiles.ts";

/** What the code of both kernels varies by, besides sizes. */
interface GroupedLayout {
  /** The rows of x come by number. */
  isGathered: boolean;
  /** A gradient is multiplied by the slope of this activation at its values `y`: x, or dy where weights are asked for. */
  slope?: FusedActivation | undefined;
}

export interface ProductLayout extends GroupedLayout {
  isTurned: boolean;
  hasBias: boolean;
  activation: FusedActivation;
}

export interface GradLayout extends GroupedLayout {
  hasBias: boolean;
  /** Some rows of x may be missing: to look for them takes a software adapter as long again. */
  hasGaps: boolean;
}

const MOST_WORKGROUPS = 65_535;
const u32 = (value: number) => ({type: "u32", value}) as const;
const rowOf = (i: string) => `u32(max(rows[${i}], 0))`;

/** `main` of a workgroup, and its threads' places in it. */
const mainOf = ({down, across}: Tile, body: string[]) => `@compute @workgroup_size(${down * across})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tile = group.y * groups.x + group.x;
  if (tile >= args.tiles) { return; }
  let part = 0u;
  let down = thread / ${across}u;
  let across = thread % ${across}u;
${lines(body)}
}`;

/**
 * WGSL: `place`, four numbers that `of` computes. Where threads wait for each other they must be the same for all beyond doubt, also for the compiler: one thread
 * computes them.
 */
const placed = ({kind}: Tile, of: string) =>
  kind === "staged"
    ? [`if (thread == 0u) { found = ${of}; }`, "let place = workgroupUniformLoad(&found);"]
    : [`let place = ${of};`];

const placeMemory = ({kind}: Tile) => (kind === "staged" ? "var<workgroup> found: vec4u;" : "");

function gridOf(sizes: {rows: number; columns: number; batch: number}, tile: Tile, tilesDown: number) {
  const tilesAcross = Math.ceil(sizes.columns / (4 * tile.quadsAcross * tile.across));
  const tiles = tilesAcross * tilesDown;
  const groupRows = Math.ceil(tiles / MOST_WORKGROUPS);
  return {
    uniforms: {tiles: u32(tiles), tilesAcross: u32(tilesAcross)},
    workgroups: [Math.ceil(tiles / groupRows), groupRows, Math.min(sizes.batch, MOST_WORKGROUPS)] as const
  };
}

/**
 * activation(x W[group] + bias[group]) with inputs a (x), b (the matrices), bias, offsets, rows, y. Group g has the tiles from floor(offsets[g] / height) + g on, enough for its rows
 * wherever they begin, which a workgroup finds by bisection; the rows behind all groups are one more group, of zeros.
 */
export function groupedProductKernel(sizes: GroupedSizes, layout: ProductLayout, tile: Tile): GpuKernel {
  const {m, inner, columns, groups} = sizes;
  const {isTurned, isGathered, hasBias, activation, slope} = layout;
  const isWhole = inner % 4 === 0;
  const isVector = columns % 4 === 0;
  const a: Operand = {
    name: "a",
    outer: "rows",
    along: "inner",
    isVector: isWhole,
    hasSlope: slope !== undefined,
    end: "place.z",
    ...(isGathered && {lineOf: rowOf})
  };
  const b: Operand = {
    name: "b",
    outer: "columns",
    along: isTurned ? "inner" : "outer",
    isVector: isTurned ? isWhole : isVector,
    hasSlope: false
  };
  const sums: Sums = {
    tile,
    a,
    b,
    steps: isWhole ? 4 : 1,
    hasColumnSums: false,
    inner: {from: "0u", to: "inner"}
  };
  const height = 4 * tile.quadsDown * tile.down;
  const {uniforms, workgroups} = gridOf(
    {rows: m, columns, batch: 1},
    tile,
    Math.floor(m / height) + groups + 1
  );
  const vectors = [
    ...(isWhole ? ["a", ...(slope ? ["y"] : [])] : []),
    ...(b.isVector ? ["b"] : []),
    ...(isVector ? ["out0", ...(hasBias ? ["bias"] : [])] : [])
  ];
  return {
    variant: [
      tile.kind,
      tile.quadsDown,
      tile.quadsAcross,
      tile.down,
      tile.across,
      isTurned,
      isGathered,
      isWhole,
      isVector,
      hasBias,
      activation,
      slope
    ].join(),
    elements: Object.fromEntries(vectors.map((name) => [name, "vec4f"])),
    uniforms: {rows: u32(m), inner: u32(inner), columns: u32(columns), groups: u32(groups), ...uniforms},
    workgroups,
    code: () =>
      lines(
        slope ? wgslSlope(slope) : "",
        activation === "linear" ? "" : wgslActivate(activation),
        placeMemory(tile),
        workgroupMemory(sums),
        wgslPlaceOf(height),
        finish({isGathered, hasBias, activation, isVector}),
        mainOf(tile, [
          ...placed(tile, "place_of(tile / args.tilesAcross)"),
          "let tileTop = place.y;",
          "if (tileTop >= place.z) { return; }",
          `let tileLeft = tile % args.tilesAcross * ${4 * tile.quadsAcross * tile.across}u;`,
          ...corners(sums),
          // A thread whose rows are all another group's has nothing to do; with barriers it has to stay.
          tile.kind === "staged" ? "" : "if (top0 >= place.z) { return; }",
          "let inner = select(0u, args.inner, place.x < args.groups);",
          "let aStart = 0u;",
          "let bStart = place.x * args.inner * args.columns;",
          ...addedUp(sums),
          ...eachSum(sums, (row, left, sum) => `finish(place.x, place.z, ${row}, ${left}, ${sum});`)
        ])
      )
  };
}

/** WGSL: the group of a tile's slot, the tile's first row, and where the group's rows end. */
const wgslPlaceOf = (height: number) => `fn place_of(slot: u32) -> vec4u {
  var low = 0u;
  var high = args.groups;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (slot > u32(offsets[middle + 1u]) / ${height}u + middle) { low = middle + 1u; } else { high = middle; }
  }
  let first = u32(offsets[low]);
  let end = select(args.rows, u32(offsets[min(low + 1u, args.groups)]), low < args.groups);
  return vec4u(low, first + (slot - (first / ${height}u + low)) * ${height}u, min(end, args.rows), 0u);
}`;

/** Writes four outputs of a row: zeros where it has no group, or no row of x. */
function finish({
  isGathered,
  hasBias,
  activation,
  isVector
}: Pick<ProductLayout, "isGathered" | "hasBias" | "activation"> & {isVector: boolean}): string {
  const bias = isVector
    ? "bias[(own * args.columns + min(left, args.columns - 4u)) / 4u]"
    : `vec4f(${LANES.map((j) => `bias[own * args.columns + min(left + ${j}u, args.columns - 1u)]`).join(", ")})`;
  const sum = hasBias ? `sum + ${bias}` : "sum";
  const isThere = `own < args.groups${isGathered ? " && rows[row] >= 0" : ""}`;
  return `fn finish(own: u32, end: u32, row: u32, left: u32, sum: vec4f) {
  if (row >= end) { return; }
  var value = vec4f(0.0);
  if (${isThere}) { value = ${activation === "linear" ? sum : `activate(${sum})`}; }
${writtenFour("out0", "row * args.columns + left", "value", isVector)}
}`;
}

/** x^T dy of every group, and the sums of dy, with inputs a (x), b (dy), offsets, rows, y; groups go along the third dimension of the grid. */
export function groupedGradKernel(sizes: GroupedSizes, layout: GradLayout, tile: Tile): GpuKernel {
  const {inner, columns, groups} = sizes;
  const {isGathered, slope, hasBias, hasGaps} = layout;
  const gaps = hasGaps ? {isThere: (k: string) => `rows[${k}] >= 0`} : {};
  const a: Operand = {
    name: "a",
    outer: "rows",
    along: "outer",
    isVector: inner % 4 === 0,
    hasSlope: false,
    ...gaps,
    ...(isGathered && {lineOf: hasGaps ? rowOf : (k: string) => `u32(rows[${k}])`})
  };
  const b: Operand = {
    name: "b",
    outer: "columns",
    along: "outer",
    isVector: columns % 4 === 0,
    hasSlope: slope !== undefined,
    ...gaps
  };
  const sums: Sums = {
    tile,
    a,
    b,
    steps: 1,
    hasColumnSums: hasBias,
    inner: {from: "place.x", to: "place.y"}
  };
  const isVector = columns % 4 === 0;
  const tilesDown = Math.ceil(inner / (4 * tile.quadsDown * tile.down));
  const {uniforms, workgroups} = gridOf({rows: inner, columns, batch: groups}, tile, tilesDown);
  const vectors = [
    ...(a.isVector ? ["a"] : []),
    ...(isVector ? ["b", "out0", ...(hasBias ? ["out1"] : []), ...(slope ? ["y"] : [])] : [])
  ];
  return {
    variant: [
      tile.kind,
      tile.quadsDown,
      tile.quadsAcross,
      tile.down,
      tile.across,
      isGathered,
      hasGaps,
      a.isVector,
      isVector,
      hasBias,
      slope
    ].join(),
    elements: Object.fromEntries(vectors.map((name) => [name, "vec4f"])),
    uniforms: {rows: u32(inner), columns: u32(columns), groups: u32(groups), ...uniforms},
    workgroups,
    code: () =>
      lines(
        slope ? wgslSlope(slope) : "",
        placeMemory(tile),
        workgroupMemory(sums),
        `fn finish(start: u32, row: u32, left: u32, value: vec4f) {
  if (row >= args.rows) { return; }
${writtenFour("out0", "start + row * args.columns + left", "value", isVector)}
}`,
        hasBias
          ? `fn finish_sums(own: u32, left: u32, value: vec4f) {\n${writtenFour("out1", "own * args.columns + left", "value", isVector)}\n}`
          : "",
        mainOf(tile, [
          `let tileTop = tile / args.tilesAcross * ${4 * tile.quadsDown * tile.down}u;`,
          `let tileLeft = tile % args.tilesAcross * ${4 * tile.quadsAcross * tile.across}u;`,
          ...corners(sums),
          hasBias ? "let isFirst = top0 == 0u;" : "",
          "let aStart = 0u;",
          "let bStart = 0u;",
          "for (var own = group.z; own < args.groups; own += groups.z) {",
          ...placed(tile, "vec4u(u32(offsets[own]), u32(offsets[own + 1u]), 0u, 0u)"),
          "let start = own * args.rows * args.columns;",
          ...addedUp(sums),
          ...eachSum(sums, (row, left, sum) => `finish(start, ${row}, ${left}, ${sum});`),
          ...eachTotal(sums, (left, sum) => `finish_sums(own, ${left}, ${sum});`),
          tile.kind === "staged" ? "workgroupBarrier();" : "",
          "}"
        ])
      )
  };
}
