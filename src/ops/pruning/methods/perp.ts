import {ArgumentError} from "../../core/errors.ts";
import {lecunNormal} from "../../core/initializers.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {type Context, inScope, type Layer} from "../../core/layer.ts";
import {clone, dispose, entries, type Params, size, unflatten} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks, type Masks} from "../masks.ts";

/** Parts of a network that are cheap to retrain. */
export type PerpPart = "biases" | "norms" | "head";

export interface PerpOptions {
  /** What is trained: biases of layers, factors and offsets of norms, the last layer; biases and norms by default. */
  train?: readonly PerpPart[];
  /** The rank of MaskLoRA's matrices for every pruned kernel; none by default. */
  rank?: number;
  /** MaskLoRA's products count so much; 1 by default. */
  scale?: number;
  /** Draws MaskLoRA's first matrices, key(0) by default. */
  key?: Key;
}

/** What is trained: parameters by path, and two matrices for each adapted kernel. */
export type PerpParams = {
  own: Record<string, Tensor>;
  down: Record<string, Tensor>;
  up: Record<string, Tensor>;
};

/** A pruned network of which little is trained. */
export interface Perp {
  /** The network as a function of the little that is trained: pass it to `fit`, whose first parameters it makes. */
  model: Layer<PerpParams>;
  /** How many of the network's parameters' worth is trained, as a share: numbers trained / numbers of the network. */
  share: number;
  /** The whole network's parameters, pruned weights at exactly zero. The caller owns them. */
  merge(trained: PerpParams): Params;
  /** Frees the copy of the network that it trains on. */
  dispose(): void;
}

/**
 * PERP, parameter-efficient retraining after pruning (Zimmer, Andoni, Spiegel & Pokutta 2023): nearly everything stays as pruning left it, and
 * only biases, norms, the last layer, or MaskLoRA are trained, W + mask * (down up) for each pruned kernel, with down [in, rank] and up [rank, out]
 * (a convolution's kernel as [height width in, out]), up beginning at zero; merged, pruned weights are still zero. What is frozen has no gradients and no moments.
 * The paper's other adapters and its reconstruction of layer after layer are left out. Throws ArgumentErrors for an unknown part, a rank below 1, and
 * where nothing would be trained.
 *
 * @example
 * import {fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {perp, prune, sparsityOf} from "petri/pruning";
 *
 * const model = mlp([2, 32, 2]);
 * const params = model.init(key(0));
 * const masks = await prune(params, {sparsity: 0.7});
 * const little = perp(model, params, masks, {rank: 2});
 * const training = fit(little.model, twoMoons(), {steps: 50});
 * for await (const row of training);
 * display({share: little.share, sparsity: await sparsityOf(little.merge(training.params))});
 * training.dispose();
 */
export function perp<P extends Params>(
  model: Layer<P>,
  params: P,
  masks: Masks,
  options: PerpOptions = {}
): Perp {
  const {train = ["biases", "norms"], rank, scale = 1, key = keyOf(0)} = options;
  if (rank !== undefined && !(Number.isInteger(rank) && rank > 0))
    throw new ArgumentError(`rank must be a whole number from 1 on, or left out; got ${rank}.`);
  const frozen = tidy(() => applyMasks(params, masks));
  const all = entries<Tensor>(frozen);
  const kept = new Map(entries<Tensor | null>(masks).map(({path, leaf}) => [path, leaf?.clone()]));
  const release = () => {
    dispose(frozen);
    for (const mask of kept.values()) mask?.dispose();
  };
  try {
    const isOwn = partsOf(all, train);
    const own = all.filter(({path}) => isOwn(path));
    const adapted = rank === undefined ? [] : all.filter(({path}) => kept.get(path) && !isOwn(path));
    if (own.length + adapted.length === 0)
      throw new ArgumentError(
        `Nothing of ${all.map(({path}) => path).join(", ")} would be trained: pass other parts in \`train\`, or a rank.`
      );
    const init = (): PerpParams => ({
      own: clone(Object.fromEntries(own.map(({path, leaf}) => [path, leaf]))),
      down: Object.fromEntries(
        adapted.map(({path, leaf}, i) => [
          path,
          lecunNormal(key.fold(i), [leaf.size / widthOf(leaf), rank as number])
        ])
      ),
      up: Object.fromEntries(adapted.map(({path, leaf}) => [path, tf.zeros([rank as number, widthOf(leaf)])]))
    });
    const whole = (trained: PerpParams): P =>
      unflatten(
        frozen,
        all.map(({path, leaf}) => {
          const mask = kept.get(path);
          const mine = trained.own[path];
          if (mine) return mask ? tf.mul(mine, mask) : mine;
          const [down, up] = [trained.down[path], trained.up[path]];
          if (!down || !up || !mask) return leaf;
          const change = tf.reshape(tf.matMul(down, up), leaf.shape);
          return tf.add(leaf, tf.mul(tf.mul(change, scale), mask));
        })
      ) as P;
    const first = tidy(() => size(init()));
    return {
      model: {
        name: model.name,
        init,
        apply: (trained: PerpParams, x: Tensor, context?: Context) =>
          inScope(context, (inner) => model.apply(whole(trained), x, inner)),
        ...(model.outputShape && {outputShape: model.outputShape}),
        ...(model.children && {children: model.children}),
        ...(model.initState && {initState: model.initState})
      },
      share: first / size(params),
      merge: (trained) => tidy(() => clone(whole(trained))),
      dispose: release
    };
  } catch (error) {
    release();
    throw error;
  }
}

const widthOf = ({shape}: Tensor) => shape.at(-1) as number;
const layerOf = (path: string) => path.split("/").slice(0, -1).join("/");

/** Whether a path belongs to one of the parts. */
function partsOf(
  all: readonly {path: string; leaf: Tensor}[],
  train: readonly PerpPart[]
): (path: string) => boolean {
  const withKernel = all.filter(({leaf}) => leaf.rank > 1).map(({path}) => layerOf(path));
  const [kernels, head] = [new Set(withKernel), withKernel.at(-1)];
  const parts: Record<PerpPart, (path: string, leaf: Tensor) => boolean> = {
    biases: (path, leaf) => leaf.rank === 1 && kernels.has(layerOf(path)),
    norms: (path, leaf) => leaf.rank === 1 && !kernels.has(layerOf(path)),
    head: (path) => layerOf(path) === head
  };
  const unknown = train.find((part) => !Object.hasOwn(parts, part));
  if (unknown !== undefined)
    throw new ArgumentError(
      `train is a list of ${Object.keys(parts).join(", ")}; got ${JSON.stringify(unknown)}.`
    );
  const chosen = new Set(
    all.flatMap(({path, leaf}) => (train.some((part) => parts[part](path, leaf)) ? [path] : []))
  );
  return (path) => chosen.has(path);
}
