// Which layers of a network share a set of units or channels: what makes it, what passes it on, what reads it.
import {type Layer, type Shape, shapeAfter} from "../../core/layer.ts";
import type {Tensor} from "../../tf.ts";

/** A set of units or channels that go together. */
export interface Features {
  readonly size: number;
  /** Paths of the layers whose outputs they are: dense, conv2d. Several where a sum joins them. */
  readonly makers: string[];
  /** Paths of the layers that they go into. */
  readonly readers: string[];
  /** Parameters with an entry for each of them, and the axis it is on. */
  readonly followers: {path: string; axis: number}[];
  /** Paths of the layers on the way that keep a state, [channels] each. */
  readonly stateful: string[];
  /** None can go: they are the network's input or output, or a layer reads them that this does not know. */
  isFixed: boolean;
}

/** Layers that give every unit or channel its own output and have no parameters. */
const PASSING: ReadonlySet<string> = new Set([
  "activation",
  "avgPool2d",
  "dropout",
  "flatten",
  "globalAvgPool2d",
  "maxPool2d"
]);

/** Reads the graph of a network: `params` by path tell how its layers are shaped. */
export function featureGraph(
  model: Layer,
  inputShape: Shape,
  params: ReadonlyMap<string, Tensor>
): Features[] {
  const reader = new GraphReader(params);
  const input = reader.make(inputShape.at(-1) ?? 1, true);
  reader.fix(reader.read(model, inputShape, "", input));
  return reader.all();
}

/** A path inside another one. */
export function within(path: string, name: string): string {
  return path ? `${path}/${name}` : name;
}

class GraphReader {
  private readonly params: ReadonlyMap<string, Tensor>;
  private readonly made: Features[] = [];
  /** What was joined to what, by a sum. */
  private readonly joined = new Map<Features, Features>();

  constructor(params: ReadonlyMap<string, Tensor>) {
    this.params = params;
  }

  make(size: number, isFixed = false): Features {
    const features = {size, makers: [], readers: [], followers: [], stateful: [], isFixed};
    this.made.push(features);
    return features;
  }

  all(): Features[] {
    return this.made.filter((each) => !this.joined.has(each));
  }

  fix(features: Features): Features {
    const root = this.rootOf(features);
    root.isFixed = true;
    return root;
  }

  /** The features that come out of a layer. */
  read(layer: Layer, shape: Shape, path: string, into: Features): Features {
    const input = this.rootOf(into);
    if (layer.withChildren && layer.children) return this.readContainer(layer, shape, path, input);
    if (PASSING.has(layer.name)) return input;
    if (layer.name === "batchNorm") return this.follow(input, path, ["scale", "bias"], true);
    const kernel = this.params.get(within(path, "kernel"));
    if (layer.name === "depthwiseConv2d" && kernel?.shape[3] === 1) {
      this.follow(input, path, ["bias"], false);
      input.followers.push({path: within(path, "kernel"), axis: 2});
      return input;
    }
    if (kernel && layer.resized && fits(layer, kernel, input)) {
      input.readers.push(path);
      const output = this.make(kernel.shape.at(-1) as number);
      output.makers.push(path);
      return output;
    }
    this.fix(input);
    return this.make(shapeAfter(layer, shape).at(-1) ?? 1, true);
  }

  private readContainer(layer: Layer, shape: Shape, path: string, input: Features): Features {
    const children = layer.children?.(shape) ?? [];
    const readChild = (i: number, from: Features) => {
      const {layer: child, name, inputShape} = children[i] as (typeof children)[number];
      return this.read(child, inputShape, within(path, name), from);
    };
    if (layer.name === "residual") {
      const body = readChild(0, input);
      return this.join(body, children.length > 1 ? readChild(1, input) : input);
    }
    if (layer.name === "parallel")
      return this.readParallel(
        layer,
        shape,
        children.map((_, i) => readChild(i, input))
      );
    return children.reduce((features: Features, _child, i) => readChild(i, features), input);
  }

  /** Branches that are added or multiplied share their features; of those side by side none can go. */
  private readParallel(layer: Layer, shape: Shape, branches: Features[]): Features {
    const size = shapeAfter(layer, shape).at(-1) ?? 1;
    const [first, ...others] = branches as [Features, ...Features[]];
    if (others.length === 0 || size === first.size)
      return others.reduce((sum, each) => this.join(sum, each), first);
    for (const branch of branches) this.fix(branch);
    return this.make(size, true);
  }

  private follow(input: Features, path: string, names: readonly string[], isStateful: boolean): Features {
    for (const name of names) {
      const param = within(path, name);
      if (this.params.has(param)) input.followers.push({path: param, axis: 0});
    }
    if (isStateful) input.stateful.push(path);
    return input;
  }

  private join(one: Features, other: Features): Features {
    const [a, b] = [this.rootOf(one), this.rootOf(other)];
    if (a === b) return a;
    for (const list of ["makers", "readers", "followers", "stateful"] as const)
      (a[list] as unknown[]).push(...b[list]);
    a.isFixed ||= b.isFixed;
    this.joined.set(b, a);
    return a;
  }

  private rootOf(features: Features): Features {
    const to = this.joined.get(features);
    return to ? this.rootOf(to) : features;
  }
}

/** A dense layer, perhaps after a flattened image, or a convolution without groups. */
function fits(layer: Layer, {shape}: Tensor, {size}: Features): boolean {
  if (layer.name === "dense") return (shape[0] as number) % size === 0;
  return layer.name === "conv2d" && shape[2] === size;
}
