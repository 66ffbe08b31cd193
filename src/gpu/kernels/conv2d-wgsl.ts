import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {wgslActivate, wgslSlope} from "./activation-wgsl.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {cellsOf, leavesImage, positionsOf, type Window2d, windowUniforms} from "./window.ts";

/** A convolution of images with a kernel [cells, channels, filters]. */
export interface ConvLayout {
  window: Window2d;
  filters: number;
  activation: FusedActivation;
  /** Images in the batch. */
  batch: number;
}

/** Rows and columns of the result that a thread makes. */
const TILE = 4;
const LANES = [0, 1, 2, 3] as const;
/** Threads that share the sum over positions. */
const THREADS = 64;
/** Threads that keep a device busy: so many share the sums of a small kernel. */
const ENOUGH_THREADS = 16_384;
const MOST_WORKGROUPS = 65_535;

const lines = (line: (lane: number) => string) => LANES.map(line).join("\n");
const vec4 = (part: (lane: number) => string) => `vec4f(${LANES.map(part).join(", ")})`;

/** The layout as uniforms, and the number of things that threads or workgroups make. */
function uniformsOf({window, filters}: ConvLayout, size: number): GpuKernel["uniforms"] {
  return {...windowUniforms(window, size), filters: {type: "u32", value: filters}};
}

/** True where the filters of a pixel are read and written four at once. */
const fours = ({filters}: ConvLayout) => filters % TILE === 0;

/** What of a shader depends on the layout, and the tensors whose last dimension is the filters. */
function shaderOf(layout: ConvLayout, tensors: readonly string[], conditions: Record<string, boolean>) {
  const names = Object.keys(conditions).filter((name) => conditions[name]);
  return {
    variant: [layout.activation, ...names, ...(fours(layout) ? ["vec4"] : [])].join(" "),
    elements: fours(layout) ? Object.fromEntries(tensors.map((name) => [name, "vec4f" as const])) : undefined
  };
}

/** WGSL: four numbers of a tensor for the filters from `left` on, after `start`. */
const fourOf = (layout: ConvLayout, tensor: string, start: string) =>
  fours(layout) ? `${tensor}[(${start} + left) / 4u]` : vec4((j) => `${tensor}[${start} + o${j}]`);

/** WGSL: writes four numbers for the filters from `left` on, after `start`. */
const writeFour = (layout: ConvLayout, tensor: string, start: string, value: string) =>
  fours(layout)
    ? `${tensor}[(${start} + left) / 4u] = ${value};`
    : lines((j) => `if (left + ${j}u < args.filters) { ${tensor}[${start} + o${j}] = ${value}[${j}]; }`);

/** True where windows do not lie at every pixel. */
const steps = ({strideY, strideX}: Window2d) => strideY > 1 || strideX > 1;

/** WGSL: image, row and column of position `p` under one name, as n, oy and ox followed by `suffix`. */
const wgslPlace = (p: string, suffix: string | number, height: string, width: string) => `
  let n${suffix} = ${p} / (${height} * ${width});
  let oy${suffix} = ${p} / ${width} % ${height};
  let ox${suffix} = ${p} % ${width};`;

/**
 * The windows' contents times the kernel's matrix (implicit GEMM, Chetlur et al. 2014): no matrix of windows is written. Each thread makes four
 * positions of four filters, and reads eight numbers for sixteen multiplications.
 */
export function convForward(layout: ConvLayout): GpuKernel {
  const {window, filters, batch} = layout;
  const positions = batch * positionsOf(window);
  const threads = Math.ceil(positions / TILE) * Math.ceil(filters / TILE);
  return {
    ...shaderOf(layout, ["kernel", "bias", "out0"], {checked: leavesImage(window)}),
    code: () => forwardCode(layout),
    uniforms: {...uniformsOf(layout, threads), positions: {type: "u32", value: positions}},
    workgroups: flatWorkgroups(threads)
  };
}

function forwardCode(layout: ConvLayout): string {
  const {window, activation} = layout;
  const checked = leavesImage(window);
  const pixel = (i: number) => `
      let y${i} = i32(oy${i} * args.strideY + ky * args.dilationY) - i32(args.top);
      let x${i} = i32(ox${i} * args.strideX + kx * args.dilationX) - i32(args.left);${
        checked
          ? `
      let seen${i} = y${i} >= 0 && y${i} < i32(args.height) && x${i} >= 0 && x${i} < i32(args.width);
      let at${i} = select(0u, ((n${i} * args.height + u32(y${i})) * args.width + u32(x${i})) * args.channels, seen${i});`
          : `
      let at${i} = ((n${i} * args.height + u32(y${i})) * args.width + u32(x${i})) * args.channels;`
      }`;
  const value = (i: number) => (checked ? `select(0.0, x[at${i} + c], seen${i})` : `x[at${i} + c]`);
  return (
    wgslActivate(activation) +
    flatMain(
      "args.size",
      `  let tiles = (args.filters + ${TILE - 1}u) / ${TILE}u;
  let left = i % tiles * ${TILE}u;
  let top = i / tiles * ${TILE}u;
${lines((j) => `  let o${j} = min(left + ${j}u, args.filters - 1u);`)}
${lines((i) => `  let p${i} = min(top + ${i}u, args.positions - 1u);${wgslPlace(`p${i}`, i, "args.outHeight", "args.outWidth")}`)}
${lines((i) => `  var sum${i} = vec4f(0.0);`)}
  for (var ky = 0u; ky < args.rows; ky++) {
    for (var kx = 0u; kx < args.columns; kx++) {${LANES.map(pixel).join("")}
      for (var c = 0u; c < args.channels; c++) {
        let k = ((ky * args.columns + kx) * args.channels + c) * args.filters;
        let across = ${fourOf(layout, "kernel", "k")};
${lines((i) => `        sum${i} += ${value(i)} * across;`)}
      }
    }
  }
  let shift = ${fourOf(layout, "bias", "0u")};
${lines(
  (i) => `  if (top + ${i}u < args.positions) {
    let value = activate(sum${i} + shift);
    ${writeFour(layout, "out0", `p${i} * args.filters`, "value")}
  }`
)}`
    )
  );
}

/** The gradient of the images: each thread makes four pixels of four channels, from the windows that saw them. */
export function convInputGrad(layout: ConvLayout): GpuKernel {
  const {window, batch} = layout;
  const pixels = batch * window.height * window.width;
  const threads = Math.ceil(pixels / TILE) * Math.ceil(window.channels / TILE);
  return {
    ...shaderOf(layout, ["dy", "y", "kernel"], {steps: steps(window)}),
    code: () => inputGradCode(layout),
    uniforms: {...uniformsOf(layout, threads), pixels: {type: "u32", value: pixels}},
    workgroups: flatWorkgroups(threads)
  };
}

function inputGradCode(layout: ConvLayout): string {
  const {window, activation} = layout;
  const step = (along: string, stride: string) => (steps(window) ? `${along} / ${stride}` : along);
  const place = (i: number) => ({
    oy: step(`u32(down${i})`, "args.strideY"),
    ox: step(`u32(across${i})`, "args.strideX")
  });
  const position = (i: number) => `
      let down${i} = i32(oy${i} + args.top) - i32(ky * args.dilationY);
      let across${i} = i32(ox${i} + args.left) - i32(kx * args.dilationX);
      let seen${i} = down${i} >= 0 && across${i} >= 0 && ${place(i).oy} < args.outHeight && ${place(i).ox} < args.outWidth${
        steps(window) ? ` && u32(down${i}) % args.strideY == 0u && u32(across${i}) % args.strideX == 0u` : ""
      };
      let at${i} = select(0u, ((n${i} * args.outHeight + ${place(i).oy}) * args.outWidth + ${place(i).ox}) * args.filters, seen${i});`;
  const slope = (dy: string, y: string, seen: string) =>
    `select(vec4f(0.0), slope(${dy}, ${activation === "linear" ? "vec4f(0.0)" : y}), ${seen})`;
  const seen = `vec4<bool>(${LANES.map((i) => `seen${i}`).join(", ")})`;
  const inner = fours(layout)
    ? `      for (var o = 0u; o < args.filters; o += 4u) {
${lines((j) => `        let w${j} = kernel[((k + c${j}) * args.filters + o) / 4u];`)}
${lines(
  (i) => `        let dz${i} = ${slope(`dy[(at${i} + o) / 4u]`, `y[(at${i} + o) / 4u]`, `seen${i}`)};
        sum${i} += ${vec4((j) => `dot(dz${i}, w${j})`)};`
)}
      }
`
    : `      for (var o = 0u; o < args.filters; o++) {
        let dz = ${slope(
          vec4((i) => `dy[at${i} + o]`),
          vec4((i) => `y[at${i} + o]`),
          seen
        )};
        let across = ${vec4((j) => `kernel[(k + c${j}) * args.filters + o]`)};
${lines((i) => `        sum${i} += dz[${i}] * across;`)}
      }
`;
  return (
    wgslSlope(activation) +
    flatMain(
      "args.size",
      `  let tiles = (args.channels + ${TILE - 1}u) / ${TILE}u;
  let left = i % tiles * ${TILE}u;
  let top = i / tiles * ${TILE}u;
${lines((j) => `  let c${j} = min(left + ${j}u, args.channels - 1u);`)}
${lines((i) => `  let p${i} = min(top + ${i}u, args.pixels - 1u);${wgslPlace(`p${i}`, i, "args.height", "args.width")}`)}
${lines((i) => `  var sum${i} = vec4f(0.0);`)}
  for (var ky = 0u; ky < args.rows; ky++) {
    for (var kx = 0u; kx < args.columns; kx++) {${LANES.map(position).join("")}
      if (!(${LANES.map((i) => `seen${i}`).join(" || ")})) { continue; }
      let k = (ky * args.columns + kx) * args.channels;
${inner}    }
  }
${lines(
  (i) => `  if (top + ${i}u < args.pixels) {
${lines((j) => `    if (left + ${j}u < args.channels) { out0[p${i} * args.channels + c${j}] = sum${i}[${j}]; }`)}
  }`
)}`
    )
  );
}

/**
 * The gradients of kernel and bias. Four rows of the kernel's matrix for four filters are one thread's, or where those are few,
 * several threads share the lines of all images out among themselves, and their sums are added up in order, the same bits every time.
 */
export function convKernelGrad(layout: ConvLayout): GpuKernel {
  const {window, filters, batch} = layout;
  const tiles = Math.ceil((cellsOf(window) * window.channels) / TILE) * Math.ceil(filters / TILE);
  // A power of two, so that whole tiles fit into a workgroup.
  const sharers = Math.min(THREADS, 2 ** Math.floor(Math.log2(Math.max(1, ENOUGH_THREADS / tiles))));
  const groups = Math.ceil((tiles * sharers) / THREADS);
  const rows = Math.ceil(groups / MOST_WORKGROUPS);
  return {
    ...shaderOf(layout, ["dy", "y", "out0", "out1"], {checked: leavesImage(window)}),
    code: () => kernelGradCode(layout),
    uniforms: {
      ...uniformsOf(layout, tiles),
      lines: {type: "u32", value: batch * window.outHeight},
      sharers: {type: "u32", value: sharers}
    },
    workgroups: [Math.ceil(groups / rows), rows, 1]
  };
}

function kernelGradCode(layout: ConvLayout): string {
  const {window, activation} = layout;
  const values = activation === "linear" ? "vec4f(0.0)" : fourOf(layout, "y", "z");
  const checked = leavesImage(window);
  const line = (i: number) => `
    let y${i} = i32(oy * args.strideY) + down${i};
    let line${i} = ((i32(n * args.height) + y${i}) * i32(args.width) + across${i}) * i32(args.channels) + c${i};${
      checked ? `\n    let there${i} = y${i} >= 0 && y${i} < i32(args.height);` : ""
    }`;
  const pixel = (i: number) =>
    checked
      ? `
      let x${i} = along + across${i};
      let seen${i} = there${i} && x${i} >= 0 && x${i} < i32(args.width);
      sum${i} += select(0.0, x[select(0, line${i} + along * i32(args.channels), seen${i})], seen${i}) * dz;`
      : `\n      sum${i} += x[line${i} + along * i32(args.channels)] * dz;`;
  return `${wgslSlope(activation)}
var<workgroup> partial: array<vec4f, ${(TILE + 1) * THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let lane = thread % args.sharers;
  let own = (group.y * groups.x + group.x) * (${THREADS}u / args.sharers) + thread / args.sharers;
  // Tiles past the end repeat the last one, because barriers want every thread; they are not written.
  let tile = min(own, args.size - 1u);
  let tiles = (args.filters + ${TILE - 1}u) / ${TILE}u;
  let left = tile % tiles * ${TILE}u;
  let top = tile / tiles * ${TILE}u;
  let depth = args.rows * args.columns * args.channels;
${lines((j) => `  let o${j} = min(left + ${j}u, args.filters - 1u);`)}
${lines(
  (i) => `  let row${i} = min(top + ${i}u, depth - 1u);
  let c${i} = i32(row${i} % args.channels);
  let down${i} = i32(row${i} / (args.channels * args.columns) * args.dilationY) - i32(args.top);
  let across${i} = i32(row${i} / args.channels % args.columns * args.dilationX) - i32(args.left);
  var sum${i} = vec4f(0.0);`
)}
  var shift = vec4f(0.0);
  for (var line = lane; line < args.lines; line += args.sharers) {
    let n = line / args.outHeight;
    let oy = line % args.outHeight;${LANES.map(line).join("")}
    for (var ox = 0u; ox < args.outWidth; ox++) {
      let z = (line * args.outWidth + ox) * args.filters;
      let along = i32(ox * args.strideX);
      let dz = slope(${fourOf(layout, "dy", "z")}, ${values});
      shift += dz;${LANES.map(pixel).join("")}
    }
  }
${lines((i) => `  partial[${i * THREADS}u + thread] = sum${i};`)}
  partial[${TILE * THREADS}u + thread] = shift;
  workgroupBarrier();
  if (own >= args.size) { return; }
  for (var part = lane; part <= ${TILE}u; part += args.sharers) {
    var total = vec4f(0.0);
    let first = part * ${THREADS}u + thread - lane;
    for (var other = 0u; other < args.sharers; other++) { total += partial[first + other]; }
    if (part < ${TILE}u && top + part < depth) {
      ${writeFour(layout, "out0", "(top + part) * args.filters", "total")}
    }
    if (part == ${TILE}u && top == 0u) {
      ${writeFour(layout, "out1", "0u", "total")}
    }
  }
}`;
}
