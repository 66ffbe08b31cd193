import type {GpuKernel} from "../webgpu-dispatch.ts";
import {wgslSlope} from "./activation-wgsl.ts";
import {Lanes, lines, parts, range, spanOf, stretch, u32} from "./conv2d-rows-wgsl.ts";
import type {ConvLayout} from "./conv2d-wgsl.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {leavesImage, type Window2d, windowUniforms} from "./window.ts";

/** Pixels of a row that a thread makes at most. */
const MOST_PIXELS = 14;
/** Positions that a thread takes at a time for the kernel's gradient. */
const MOST_POSITIONS = 7;
/** Pairs of a row of the window and a channel of which a thread makes the gradient. */
const MOST_PAIRS = 3;
/** Threads that share the sum over positions. */
const SHARERS = 16;
const MOST_WORKGROUPS = 65_535;

/** The gradient of the images: each thread makes a stretch of a row for up to four channels. */
export function convInputGradByRows(layout: ConvLayout): GpuKernel {
  const {window, filters, batch, activation} = layout;
  const {count, size: pixels} = parts(window.width, MOST_PIXELS);
  const lanes = new Lanes("channels", window.channels);
  const threads = batch * window.height * count * lanes.count;
  return {
    variant: `rows ${[activation, pixels, lanes.size, window.columns]} ${[...whole(window, count)]}`,
    code: () => inputGradCode(layout, lanes, pixels, whole(window, count)),
    uniforms: {
      ...windowUniforms(window, threads),
      filters: u32(filters),
      tiles: u32(lanes.count),
      tilesAcross: u32(count)
    },
    workgroups: flatWorkgroups(threads)
  };
}

/** Which of a stretch's numbers there are: known beforehand where one stretch is a whole row; otherwise empty. */
function whole({left, columns, width, outWidth}: Window2d, stretches: number): boolean[] {
  if (stretches > 1) return [];
  return range(width + columns - 1).map((j) => {
    const ox = j + left - columns + 1;
    return ox >= 0 && ox < outWidth;
  });
}

function inputGradCode({window, activation}: ConvLayout, lanes: Lanes, pixels: number, known: boolean[]) {
  const {columns} = window;
  const span = pixels + columns - 1;
  const seen = range(span).filter((j) => known[j] ?? true);
  const slope = (j: number) => {
    const at = `line + at${j} * args.filters`;
    const value = `slope(vec4f(dy[${at}]), vec4f(${activation === "linear" ? "0.0" : `y[${at}]`})).x`;
    return `      let v${j} = ${known.length > 0 ? value : `select(0.0, ${value}, in${j})`};`;
  };
  const sum = (p: number) => {
    const terms = range(columns).filter((kx) => seen.includes(p + columns - 1 - kx));
    const products = terms.map((kx) => `v${p + columns - 1 - kx} * w${kx}`);
    return products.length > 0 ? `      sum${p} += ${products.join(" + ")};` : "";
  };
  return (
    wgslSlope(activation) +
    flatMain(
      "args.size",
      `  let left = i % args.tiles * ${lanes.size}u;
  var rest = i / args.tiles;
  let x = rest % args.tilesAcross * ${pixels}u;
  rest /= args.tilesAcross;
  let row = rest % args.height;
  let n = rest / args.height;
  let first = i32(x + args.left) - ${columns - 1};
${lanes.places()}
${stretch(span, "first", "args.outWidth", true)}
${lines(pixels, (p) => `  var sum${p} = ${lanes.type}(0.0);`)}
  for (var ky = 0u; ky < args.rows; ky++) {
    let oy = i32(row + args.top) - i32(ky);
    if (oy < 0 || oy >= i32(args.outHeight)) { continue; }
    for (var o = 0u; o < args.filters; o++) {
      let line = (n * args.outHeight + u32(oy)) * args.outWidth * args.filters + o;
      let k = ky * args.columns * args.channels;
${seen.map(slope).join("\n")}
${lines(columns, (kx) => `      let w${kx} = ${lanes.vector((j) => `kernel[(k + ${kx}u * args.channels + o${j}) * args.filters + o]`)};`)}
${lines(pixels, sum)}
    }
  }
${lines(
  pixels,
  (p) => `  if (x + ${p}u < args.width) {
    let start = ((n * args.height + row) * args.width + x + ${p}u) * args.channels;
    ${lanes.write("out0", "start", `sum${p}`)}
  }`
)}`
    )
  );
}

/**
 * The gradients of kernel and bias: a thread's are all columns of a few pairs of a row of the window and a channel, for up to four
 * filters. Sixteen threads share the lines of all images, and their sums are added up in order, the same bits every time.
 */
export function convKernelGradByRows(layout: ConvLayout): GpuKernel {
  const {window, filters, batch, activation} = layout;
  const {columns, strideX, dilationX, outWidth} = window;
  const pairs = parts(window.rows * window.channels, MOST_PAIRS);
  const positions = parts(outWidth, MOST_POSITIONS);
  const lanes = new Lanes("filters", filters);
  const tiles = pairs.count * lanes.count;
  const isExact = positions.count * positions.size === outWidth;
  const shape = {pairs: pairs.size, positions: positions.size, isExact};
  const groupRows = Math.ceil(tiles / MOST_WORKGROUPS);
  const sizes = [pairs.size, positions.size, lanes.size, columns, strideX, dilationX];
  return {
    variant: `rows ${[activation, ...sizes, isExact, leavesImage(window)]}`,
    code: () => kernelGradCode(layout, lanes, shape),
    uniforms: {
      ...windowUniforms(window, tiles),
      filters: u32(filters),
      tiles: u32(lanes.count),
      lines: u32(batch * window.outHeight)
    },
    workgroups: [Math.ceil(tiles / groupRows), groupRows, 1]
  };
}

function kernelGradCode(
  {window, activation}: ConvLayout,
  lanes: Lanes,
  {pairs, positions, isExact}: {pairs: number; positions: number; isExact: boolean}
): string {
  const {columns, strideX, dilationX} = window;
  const span = spanOf(window, positions);
  const isChecked = leavesImage(window) || !isExact;
  const upstream = (p: number) => {
    const at = isExact ? `start + ${p}u * args.filters` : `start + min(${p}u, last) * args.filters`;
    const values = activation === "linear" ? `${lanes.type}(0.0)` : lanes.read("y", `z${p}`);
    const slope = lanes.through((four) => `slope(${four(lanes.read("dy", `z${p}`))}, ${four(values)})`);
    return `      let z${p} = ${at};
      let dz${p} = ${isExact ? slope : `select(${lanes.type}(0.0), ${slope}, ${p}u <= last)`};`;
  };
  const value = (g: number, j: number) => {
    const read = `x[line${g} + at${j} * args.channels]`;
    return `let v${g}_${j} = ${isChecked ? `select(0.0, ${read}, in${j} && there${g})` : read};`;
  };
  const sum = (g: number, kx: number) =>
    range(positions)
      .map((p) => `v${g}_${p * strideX + kx * dilationX} * dz${p}`)
      .join(" + ");
  const sums = pairs * columns;
  return `${wgslSlope(activation)}
var<workgroup> partial: array<${lanes.type}, ${(sums + 1) * SHARERS}>;

@compute @workgroup_size(${SHARERS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tile = group.y * groups.x + group.x;
  if (tile >= args.size) { return; }
  let left = tile % args.tiles * ${lanes.size}u;
  let top = tile / args.tiles * ${pairs}u;
  let pairs = args.rows * args.channels;
${lanes.places()}
${lines(
  pairs,
  (g) => `  let pair${g} = min(top + ${g}u, pairs - 1u);
  let down${g} = i32(pair${g} / args.channels * args.dilationY) - i32(args.top);
  let c${g} = pair${g} % args.channels;`
)}
${lines(sums, (s) => `  var sum${s} = ${lanes.type}(0.0);`)}
  var shift = ${lanes.type}(0.0);
  for (var line = thread; line < args.lines; line += ${SHARERS}u) {
    let n = line / args.outHeight;
    let oy = i32(line % args.outHeight * args.strideY);
${lines(
  pairs,
  (g) => `    let y${g} = clamp(oy + down${g}, 0, i32(args.height) - 1);
    let there${g} = y${g} == oy + down${g};
    let line${g} = (n * args.height + u32(y${g})) * args.width * args.channels + c${g};`
)}
    for (var ox = 0u; ox < args.outWidth; ox += ${positions}u) {
      let last = args.outWidth - 1u - ox;
      let start = (line * args.outWidth + ox) * args.filters;
      let first = i32(ox * args.strideX) - i32(args.left);
${stretch(span, "first", "args.width", isChecked)}
${lines(positions, upstream)}
      shift += ${range(positions)
        .map((p) => `dz${p}`)
        .join(" + ")};
${lines(
  pairs,
  (g) => `${lines(span, (j) => value(g, j))}
${lines(columns, (kx) => `      sum${g * columns + kx} += ${sum(g, kx)};`)}`
)}
    }
  }
${lines(sums, (s) => `  partial[${s * SHARERS}u + thread] = sum${s};`)}
  partial[${sums * SHARERS}u + thread] = shift;
  workgroupBarrier();
  for (var part = thread; part <= ${sums}u; part += ${SHARERS}u) {
    var total = ${lanes.type}(0.0);
    for (var other = 0u; other < ${SHARERS}u; other++) { total += partial[part * ${SHARERS}u + other]; }
    let pair = top + part / ${columns}u;
    if (part < ${sums}u && pair < pairs) {
      let row = (pair / args.channels * args.columns + part % ${columns}u) * args.channels + pair % args.channels;
      ${lanes.write("out0", "row * args.filters", "total")}
    }
    if (part == ${sums}u && top == 0u) {
      ${lanes.write("out1", "0u", "total")}
    }
  }
}`;
}
