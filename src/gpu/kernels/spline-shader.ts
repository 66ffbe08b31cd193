// What the shaders of layers of splines have in common.
import type {Specs} from "../kernel.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import type {SplineSizes} from "./spline-twin.ts";
import type {SplineForm} from "./spline-wgsl.ts";

const MOST_WORKGROUPS = 65_535;

interface SplineShader {
  form: SplineForm;
  sizes: SplineSizes;
  attrs: SplineAttrs;
  /** What else the text depends on. */
  tile: string;
  threads: number;
  groups: number;
  columns: Columns;
  /** Bindings that hold columns. */
  wide: readonly string[];
  declarations: string;
  /** Statements, for the workgroup number `tile`; `intervals` has a sign, and `bases` is how many coefficients a spline has. */
  body: () => string;
}

/** A kernel of workgroups in a row. */
export function splineShader(shader: SplineShader): GpuKernel {
  const {form, sizes, attrs, tile, threads, groups, columns, wide, declarations, body} = shader;
  const isWide = columns.element === "vec4f";
  const u32 = (value: number) => ({type: "u32", value}) as const;
  const planes = Math.ceil(groups / MOST_WORKGROUPS);
  return {
    variant: `${form.order} ${form.base} ${columns.element} ${tile}`,
    ...(isWide && {elements: Object.fromEntries(wide.map((name) => [name, "vec4f" as const]))}),
    code: () => `${declarations}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let intervals = i32(args.intervals);
  let bases = args.intervals + ${form.order}u;
  let tile = group.y * groups.x + group.x;
${body()}
}`,
    uniforms: {
      rows: u32(sizes.rows),
      inputs: u32(sizes.inputs),
      outputs: u32(columns.outputs),
      intervals: u32(attrs.intervals),
      low: {type: "f32", value: attrs.low},
      scale: {type: "f32", value: attrs.intervals / (attrs.high - attrs.low)}
    },
    workgroups: [Math.ceil(groups / planes), planes, 1]
  };
}

export const formOf = (specs: Specs, {order, base}: SplineAttrs): SplineForm => ({
  order,
  base,
  hasKnots: specs.knots !== undefined
});

/** Columns are read and written four at a time where their number allows it: `outputs` counts them so. */
export interface Columns {
  element: "vec4f" | "f32";
  /** How a thread writes that it begins with nothing. */
  zero: string;
  outputs: number;
}

export const columnsOf = ({outputs}: SplineSizes): Columns =>
  outputs % 4 === 0
    ? {element: "vec4f", zero: "vec4f(0.0)", outputs: outputs / 4}
    : {element: "f32", zero: "0.0", outputs};
