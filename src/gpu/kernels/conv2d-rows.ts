import type {GpuKernel} from "../webgpu-dispatch.ts";
import {wgslActivate} from "./activation-wgsl.ts";
import {Lanes, lines, parts, range, spanOf, stretch, u32} from "./conv2d-rows-wgsl.ts";
import type {ConvLayout} from "./conv2d-wgsl.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {leavesImage, windowUniforms} from "./window.ts";

/** Places in a row that a thread makes at most. */
const MOST_PLACES = 10;

/** The convolution: each thread makes a stretch of a row of the result for up to four filters. */
export function convForwardByRows(layout: ConvLayout): GpuKernel {
  const {window, filters, batch, activation} = layout;
  const {count, size: places} = parts(window.outWidth, MOST_PLACES);
  const lanes = new Lanes("filters", filters);
  const threads = batch * window.outHeight * count * lanes.count;
  const {columns, strideX, dilationX} = window;
  const isChecked = leavesImage(window) || count * places > window.outWidth;
  return {
    variant: `rows ${[activation, places, lanes.size, columns, strideX, dilationX, isChecked]}`,
    code: () => forwardCode(layout, lanes, places, isChecked),
    uniforms: {
      ...windowUniforms(window, threads),
      filters: u32(filters),
      tiles: u32(lanes.count),
      tilesAcross: u32(count)
    },
    workgroups: flatWorkgroups(threads)
  };
}

function forwardCode({window, activation}: ConvLayout, lanes: Lanes, places: number, isChecked: boolean) {
  const {columns, strideX, dilationX} = window;
  const span = spanOf(window, places);
  const value = (j: number) => {
    const read = `x[line + at${j} * args.channels]`;
    return isChecked ? `select(0.0, ${read}, in${j})` : read;
  };
  const sum = (p: number) =>
    range(columns)
      .map((kx) => `v${p * strideX + kx * dilationX} * w${kx}`)
      .join(" + ");
  return (
    wgslActivate(activation) +
    flatMain(
      "args.size",
      `  let left = i % args.tiles * ${lanes.size}u;
  var rest = i / args.tiles;
  let ox = rest % args.tilesAcross * ${places}u;
  rest /= args.tilesAcross;
  let oy = rest % args.outHeight;
  let n = rest / args.outHeight;
  let first = i32(ox * args.strideX) - i32(args.left);
${lanes.places()}
${stretch(span, "first", "args.width", isChecked)}
${lines(places, (p) => `  var sum${p} = ${lanes.type}(0.0);`)}
  for (var ky = 0u; ky < args.rows; ky++) {
    let y = i32(oy * args.strideY + ky * args.dilationY) - i32(args.top);
    if (y < 0 || y >= i32(args.height)) { continue; }
    for (var c = 0u; c < args.channels; c++) {
      let line = (n * args.height + u32(y)) * args.width * args.channels + c;
      let k = (ky * args.columns * args.channels + c) * args.filters;
${lines(span, (j) => `      let v${j} = ${value(j)};`)}
${lines(columns, (kx) => `      let w${kx} = ${lanes.read("kernel", `k + ${kx}u * args.channels * args.filters`)};`)}
${lines(places, (p) => `      sum${p} += ${sum(p)};`)}
    }
  }
  let shift = ${lanes.read("bias", "0u")};
${lines(
  places,
  (p) => `  if (ox + ${p}u < args.outWidth) {
    let z = sum${p} + shift;
    let value = ${lanes.through((four) => `activate(${four("z")})`)};
    let start = ((n * args.outHeight + oy) * args.outWidth + ox + ${p}u) * args.filters;
    ${lanes.write("out0", "start", "value")}
  }`
)}`
    )
  );
}
