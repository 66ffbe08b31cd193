import {defineKernel, type Specs, type Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

const JOIN = "PetriJoinProjections";
const PART = "PetriPartProjections";

/** A linear map: kernel [in, out] and bias [out]. */
export interface Affine {
  kernel: tf.Tensor;
  bias: tf.Tensor;
}

interface Sizes {
  rows: number;
  columns: number;
}

const KERNELS = ["a", "b", "c"] as const;
const BIASES = ["d", "e", "f"] as const;
const PARTS = [0, 1, 2] as const;

/** Calls back for every row of the three kernels, and for the biases as a last one: where it begins in its part and in the whole. */
function forEachRow(
  {rows, columns}: Sizes,
  visit: (part: number, isBias: boolean, own: number, whole: number) => void
): void {
  for (let row = 0; row <= rows; ++row)
    for (const part of PARTS) {
      const isBias = row === rows;
      const within = isBias ? 0 : row;
      visit(part, isBias, within * columns, (3 * within + part) * columns);
    }
}

/** WGSL: the part, the place in it and the place in the whole of thread i, the last row being the biases. */
const wgslPlaces = `  let column = i % (3u * args.columns);
  let row = i / (3u * args.columns);
  let part = column / args.columns;
  let isBias = row == args.rows;
  let own = select(row * args.columns, 0u, isBias) + column % args.columns;
  let whole = select(i, column, isBias);
`;

function flatOver({rows, columns}: Sizes, body: string) {
  const size = (rows + 1) * 3 * columns;
  return {
    variant: "",
    code: () => flatMain("args.size", wgslPlaces + body),
    uniforms: {
      size: {type: "u32", value: size},
      rows: {type: "u32", value: rows},
      columns: {type: "u32", value: columns}
    },
    workgroups: flatWorkgroups(size)
  } as const;
}

/** WGSL: one statement for each part, of kernels or of biases. */
const wgslParts = (statement: (part: number, isBias: boolean) => string) =>
  PARTS.flatMap((part) =>
    [false, true].map(
      (isBias) => `  if (part == ${part}u && ${isBias ? "" : "!"}isBias) { ${statement(part, isBias)} }`
    )
  ).join("\n");

const join = defineKernel<Sizes>({
  name: JOIN,
  inputs: [...KERNELS, ...BIASES],
  outputs: (_specs: Specs, {rows, columns}) => [
    {shape: [rows, 3 * columns], dtype: "float32"},
    {shape: [3 * columns], dtype: "float32"}
  ],
  twin(inputs, [kernel, bias], sizes) {
    const {columns} = sizes;
    forEachRow(sizes, (part, isBias, own, whole) => {
      const from = inputs[(isBias ? BIASES : KERNELS)[part] as string] as Values;
      ((isBias ? bias : kernel) as Values).set(from.subarray(own, own + columns), whole);
    });
  },
  gpu: (_specs, sizes) =>
    flatOver(
      sizes,
      wgslParts((part, isBias) =>
        isBias ? `out1[whole] = ${BIASES[part]}[own];` : `out0[whole] = ${KERNELS[part]}[own];`
      )
    )
});

const part = defineKernel<Sizes>({
  name: PART,
  inputs: ["kernel", "bias"],
  outputs: (_specs: Specs, {rows, columns}) => [
    ...PARTS.map(() => ({shape: [rows, columns], dtype: "float32"}) as const),
    ...PARTS.map(() => ({shape: [columns], dtype: "float32"}) as const)
  ],
  twin({kernel, bias}, outputs, sizes) {
    const {columns} = sizes;
    forEachRow(sizes, (index, isBias, own, whole) => {
      const from = (isBias ? bias : kernel) as Values;
      (outputs[isBias ? index + 3 : index] as Values).set(from.subarray(whole, whole + columns), own);
    });
  },
  gpu: (_specs, sizes) =>
    flatOver(
      sizes,
      wgslParts((index, isBias) =>
        isBias ? `out${index + 3}[own] = bias[whole];` : `out${index}[own] = kernel[whole];`
      )
    )
});

const named = (tensors: readonly tf.Tensor[]) =>
  Object.fromEntries([...KERNELS, ...BIASES].map((name, i) => [name, tensors[i] as tf.Tensor]));

/**
 * Three linear maps of the same sizes, [in, out] each, as one, [in, 3 out]: so that queries, keys and values are one product. Its
 * gradient parts them again, each in one dispatch; each is the other's gradient, so that derivatives of any order are exact.
 */
export function joinProjections(maps: readonly [Affine, Affine, Affine]): Affine {
  const [rows = 0, columns = 0] = maps[0].kernel.shape;
  const tensors = [...maps.map((map) => map.kernel), ...maps.map((map) => map.bias)];
  const [kernel, bias] = join(named(tensors), {rows, columns}) as [tf.Tensor, tf.Tensor];
  return {kernel, bias};
}

tf.registerGradient({
  kernelName: JOIN,
  gradFunc(dys, _saved, attrs) {
    const [kernel, bias] = dys as unknown as [tf.Tensor, tf.Tensor];
    // Made here, not in the closures: tfjs frees what one closure makes before it calls the next.
    const parts = part({kernel, bias}, attrs as unknown as Sizes);
    return Object.fromEntries(Object.entries(named(parts)).map(([name, grad]) => [name, () => grad]));
  }
});

tf.registerGradient({
  kernelName: PART,
  gradFunc(dys, _saved, attrs) {
    const [kernel, bias] = join(named(dys as unknown as tf.Tensor[]), attrs as unknown as Sizes) as [
      tf.Tensor,
      tf.Tensor
    ];
    return {kernel: () => kernel, bias: () => bias};
  }
});
