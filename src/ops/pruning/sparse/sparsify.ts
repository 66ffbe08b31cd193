import {ArgumentError} from "../../core/errors.ts";
import type {Layer, LinearProduct, Shape} from "../../core/layer.ts";
import {decodeSafetensors, encodeSafetensors, type StoredTensor} from "../../core/safetensors.ts";
import {clone, dispose, entries, type Params, unflatten} from "../../core/tree.ts";
import {loadTensor, storeTensor} from "../../core/weights.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks, type Masks} from "../masks.ts";
import {within} from "../shrink/feature-graph.ts";
import {shapeOf} from "../shrink/shrink.ts";
import {
  FORMATS,
  type FormatOptions,
  type KeptKernel,
  type PrunedKernel,
  type SparseFormat
} from "./formats.ts";

export interface SparsifyOptions extends FormatOptions {
  /** How kernels are kept, "csr" by default; one for all, or by the kernel's path, where others stay dense. */
  format?: SparseFormat | Readonly<Record<string, SparseFormat>>;
  /** The shape of one example; an mlp tells it itself. */
  inputShape?: Shape;
}

/** A network whose pruned dense layers run on sparse kernels. */
export interface Sparse {
  /** The same network around other products; it holds the patterns. */
  model: Layer;
  /** Its parameters: the kept weights in the place of each kernel. The caller owns them, and may train them. */
  params: Params;
  /** The format of every kernel that has one, by path. */
  formats: Readonly<Record<string, SparseFormat>>;
  /** A safetensors file of these parameters, by default its own, with the patterns: what `readSparse` reads. */
  encode(params?: Params): Promise<Uint8Array>;
  /** Bytes of all tensors in that file. */
  bytes(): Promise<number>;
  /** Frees the patterns; the model cannot be applied any more. */
  dispose(): void;
}

/**
 * A pruned network whose dense layers run on kernels of their own, forward and backward, where only kept weights cost time, memory and gradients: "csr" keeps single weights (SparseProp,
 * Nikdan et al. 2023), "nm" n of every m inputs, "block" square blocks, "bits" all weights in memory with a bit for each, and the kept ones in the file. Any optimizer trains the
 * parameters that come out; what was pruned stays so. Other layers, and kernels without a mask, stay dense, pruned weights of theirs at zero. Throws an
 * ArgumentError where no dense layer has a mask and where a mask is not of the format, KernelError for sizes that the format cannot take.
 *
 * @example
 * import {encodeWeights, fit, mlp} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {prune, sparsify} from "petri/pruning";
 *
 * const model = mlp([64, 256, 10]);
 * const dense = fit(model, await digits(), {steps: 50});
 * for await (const row of dense);
 * const masks = await prune(dense.params, {sparsity: 0.95, scope: "local"});
 * const sparse = await sparsify(model, dense.params, masks, {format: "csr"});
 * const training = fit(sparse.model, await digits(), {params: sparse.params, steps: 50});
 * for await (const row of training);
 * display({dense: (await encodeWeights(dense.params)).length, sparse: (await sparse.encode(training.params)).length});
 * training.dispose();
 * sparse.dispose();
 */
export async function sparsify(
  model: Layer,
  params: Params,
  masks: Masks,
  options: SparsifyOptions = {}
): Promise<Sparse> {
  const {format = "csr"} = options;
  for (const each of typeof format === "string" ? [format] : Object.values(format))
    if (!Object.hasOwn(FORMATS, each))
      throw new ArgumentError(`format must be nm, block, bits or csr, got ${JSON.stringify(each)}.`);
  const formatOf = (path: string) => (typeof format === "string" ? format : format[path]);
  const layers = denseLayers(model, shapeOf(model, options), "");
  const kept = new Map<string, KeptKernel>();
  const formats: Record<string, SparseFormat> = {};
  const masked = tidy(() => applyMasks(params, masks));
  const maskAt = new Map(entries<Tensor | null>(masks).map(({path, leaf}) => [path, leaf]));
  const release = () => {
    for (const {structure} of kept.values()) tf.dispose(structure);
  };
  try {
    for (const {path, leaf} of entries<Tensor>(masked)) {
      const [mask, chosen] = [maskAt.get(path), formatOf(path)];
      if (!mask || !chosen || !layers.has(path)) continue;
      const [inputs, units] = leaf.shape as [number, number];
      const [values, marks] = [(await leaf.data()) as Float32Array, await mask.data()];
      if (!marks.some((mark) => mark !== 0))
        throw new ArgumentError(
          `The mask of ${path} keeps no weight: prune with {scope: "local"} or a floor, or give formats by path without it.`
        );
      kept.set(path, FORMATS[chosen].keep({...settings(options), path, inputs, units, values, marks}));
      formats[path] = chosen;
    }
    if (kept.size === 0)
      throw new ArgumentError(
        `No dense layer's kernel has a mask${typeof format === "string" ? "" : " and a format"}; there are ${[...layers].join(", ") || "no dense layers"}.`
      );
    const own = (path: string) => kept.get(path);
    const start = tidy(() =>
      unflatten(
        masked,
        entries<Tensor>(masked).map(({path, leaf}) => own(path)?.kernel ?? leaf.clone())
      )
    ) as Params;
    const shapes = new Map(entries<Tensor>(masked).map(({path, leaf}) => [path, leaf.shape]));
    const encode = (at: Params = start) => encoded(at, {kept, formats, shapes, options});
    const network = withProducts(model, shapeOf(model, options), "", (path) => own(path)?.product);
    return {
      // A fresh start of it is the pruned network.
      model: {...network, init: () => clone(start)},
      params: start,
      formats,
      encode,
      bytes: async () => {
        const {tensors} = decodeSafetensors(await encode());
        return [...tensors.values()].reduce((sum, {bytes}) => sum + bytes.byteLength, 0);
      },
      dispose: release
    };
  } catch (error) {
    release();
    for (const {kernel} of kept.values()) kernel.dispose();
    throw error;
  } finally {
    dispose(masked);
  }
}

const settings = ({n = 2, m = 4, size = 8}: FormatOptions) => ({n, m, size});

/** Paths of the kernels of dense layers. */
function denseLayers(layer: Layer, shape: Shape, path: string): Set<string> {
  if (layer.withProduct) return new Set([within(path, "kernel")]);
  const children = layer.children?.(shape) ?? [];
  return new Set(
    children.flatMap(({name, layer: child, inputShape}) => [
      ...denseLayers(child, inputShape, within(path, name))
    ])
  );
}

/** The network with other products in the layers that have one, by their kernels' paths. */
function withProducts(
  layer: Layer,
  shape: Shape,
  path: string,
  productOf: (path: string) => LinearProduct | undefined
): Layer {
  const product = productOf(within(path, "kernel"));
  if (product && layer.withProduct) return layer.withProduct(product);
  if (!layer.withChildren || !layer.children) return layer;
  const others = layer
    .children(shape)
    .map((child) => withProducts(child.layer, child.inputShape, within(path, child.name), productOf));
  // A network of layers names its parameters by theirs.
  return {...layer.withChildren(others), name: layer.name};
}

interface Encoding {
  kept: ReadonlyMap<string, KeptKernel>;
  formats: Readonly<Record<string, SparseFormat>>;
  shapes: ReadonlyMap<string, Shape>;
  options: FormatOptions;
}

/** What a file says of a kernel in a format, as text. */
type Described = Required<FormatOptions> & {format: SparseFormat; shape: Shape};

const nameOf = (path: string) => path.replaceAll("/", ".");

async function encoded(params: Params, {kept, formats, shapes, options}: Encoding): Promise<Uint8Array> {
  const tensors = new Map<string, StoredTensor>();
  const described: Record<string, Described> = {};
  for (const {path, leaf} of entries<Tensor>(params)) {
    const form = kept.get(path);
    if (!form) {
      tensors.set(nameOf(path), await storeTensor(leaf));
      continue;
    }
    if (leaf.shape.join() !== form.kernel.shape.join())
      throw new ArgumentError(
        `${path} has the shape [${leaf.shape.join(", ")}], its kept weights [${form.kernel.shape.join(", ")}]: pass the parameters of this sparse network.`
      );
    const parts = await form.parts((await leaf.data()) as Float32Array);
    for (const [name, part] of Object.entries(parts)) tensors.set(`${nameOf(path)}.${name}`, part);
    const format = formats[path] as SparseFormat;
    described[nameOf(path)] = {format, shape: shapes.get(path) as Shape, ...settings(options)};
  }
  return encodeSafetensors(tensors, {sparse: JSON.stringify(described)});
}

/**
 * The network of a file that `encode` of a sparse network wrote, around the same model: the same parameters, patterns and formats. The caller owns it. Throws an
 * ArgumentError where the file has no sparse kernels or lacks a parameter of the model, and what `decodeWeights` throws for damaged ones.
 */
export async function readSparse(
  model: Layer,
  file: Uint8Array,
  like: Params,
  options: {inputShape?: Shape} = {}
): Promise<Sparse> {
  const {tensors, metadata} = decodeSafetensors(file);
  if (metadata.sparse === undefined)
    throw new ArgumentError("The file holds no sparse network: read it with decodeWeights.");
  const described = JSON.parse(metadata.sparse) as Record<string, Described>;
  const formats: Record<string, SparseFormat> = {};
  let chosen: Required<FormatOptions> = settings({});
  const [leaves, masks] = tidy(() => {
    const read = entries<Tensor>(like).map(({path, leaf}) => {
      const name = nameOf(path);
      const form = described[name];
      const plain = tensors.get(name);
      if (!form && !plain) throw new ArgumentError(`The file lacks ${name}: it is of another model.`);
      if (!form) return [loadTensor(name, plain as StoredTensor), null] as const;
      if (form.shape.join() !== leaf.shape.join())
        throw new ArgumentError(
          `${name}: expected the shape [${leaf.shape.join(", ")}], the file has [${form.shape.join(", ")}].`
        );
      formats[path] = form.format;
      chosen = settings(form);
      const {values, marks} = readKernel(name, form, tensors);
      return [
        tf.tensor(values, [...form.shape]),
        tf.tensor(Float32Array.from(marks), [...form.shape])
      ] as const;
    });
    return [read.map(([leaf]) => leaf), read.map(([, mask]) => mask)] as const;
  });
  try {
    const [params, kept] = [unflatten(like, leaves), unflatten(like, masks)];
    return await sparsify(model, params as Params, kept as Masks, {...options, ...chosen, format: formats});
  } finally {
    tf.dispose([...leaves, ...masks.flatMap((mask) => (mask ? [mask] : []))]);
  }
}

function readKernel(
  name: string,
  form: Described,
  tensors: ReadonlyMap<string, StoredTensor>
): PrunedKernel & {marks: Uint8Array} {
  const [inputs = 0, units = 0] = form.shape;
  const size = inputs * units;
  const own = [...tensors].flatMap(([each, part]) =>
    each.startsWith(`${name}.`) ? [[each.slice(name.length + 1), part] as const] : []
  );
  const {n, m} = form;
  const into = {
    path: name,
    inputs,
    units,
    n,
    m,
    size: form.size,
    values: new Float32Array(size),
    marks: new Uint8Array(size)
  };
  FORMATS[form.format].read(Object.fromEntries(own), into);
  return into;
}
