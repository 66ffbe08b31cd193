import {ArgumentError} from "../../core/errors.ts";
import {entries, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkEvidence, type Evidence} from "./evidence.ts";

/**
 * Importance of every weight, in a tree like the parameters: the largest stay. Any function of the parameters is one; what it
 * needs besides them it takes from the evidence, and declares in `needs`. The caller owns the tensors that come out.
 */
export interface Score {
  (params: Params, evidence: Evidence): Params | Promise<Params>;
  /** For messages. */
  readonly title?: string;
  /** The evidence it cannot do without. */
  readonly needs?: readonly (keyof Evidence)[];
}

/** Evidence in which some is there for certain. */
type Has<N extends keyof Evidence> = Evidence & {readonly [name in N]-?: NonNullable<Evidence[name]>};

/**
 * A score that declares what it needs: called without it, it throws an ArgumentError that says what to pass. What a
 * synchronous one makes on the way is freed.
 *
 * @example
 * import {grad, key, meanSquaredError, mlp, tree} from "petri/core";
 * import {defineScore, prune, sparsityOf} from "petri/pruning";
 *
 * // How far a weight has moved.
 * const moved = defineScore("moved", ["before"], (params, {before}) =>
 *   tree.map((weight, path, old) => weight.sub(old).abs(), params, before)
 * );
 * const model = mlp([4, 8, 2]);
 * const masks = await prune(model.init(key(1)), {sparsity: 0.5, score: moved, before: model.init(key(0))});
 * display(await sparsityOf(masks));
 */
export function defineScore<const N extends keyof Evidence = never>(
  title: string,
  needs: readonly N[],
  compute: (params: Params, evidence: Has<N>) => Params | Promise<Params>
): Score {
  const score = (params: Params, evidence: Evidence = {}) => {
    checkEvidence(title, needs, evidence);
    return scoped(() => compute(params, evidence as Has<N>));
  };
  return Object.assign(score, {title, needs});
}

/** Frees what `compute` makes on the way; one that waits has to do so itself. */
function scoped<T>(compute: () => T | Promise<T>): T | Promise<T> {
  let later: Promise<T> | undefined;
  const now = tidy(() => {
    const result = compute();
    if (!(result instanceof Promise)) return result;
    later = result;
    return undefined;
  });
  return later ?? (now as T);
}

/** The scores of some parameters by path, on the CPU; their tensors are freed. */
export async function readScores(
  score: Score,
  params: Params,
  paths: ReadonlySet<string>,
  evidence: Evidence
): Promise<Map<string, Float32Array>> {
  if (score.needs) checkEvidence(score.title ?? "given", score.needs, evidence);
  const tree = await scoped(() => score(params, evidence));
  const own = new Set<unknown>(entries<Tensor>(params).map(({leaf}) => leaf));
  const all = entries<Tensor>(tree);
  try {
    const shapes = new Map(entries<Tensor>(params).map(({path, leaf}) => [path, leaf.shape.join()]));
    const found = new Map<string, Float32Array>();
    for (const {path, leaf} of all) {
      if (!paths.has(path)) continue;
      if (leaf.shape.join() !== shapes.get(path))
        throw new ArgumentError(
          `The score of ${path} has shape [${leaf.shape.join(", ")}], its parameter [${shapes.get(path)}].`
        );
      // A copy: tfjs may hand out its own array.
      found.set(path, Float32Array.from(await leaf.data()));
    }
    const lost = [...paths].find((path) => !found.has(path));
    if (lost !== undefined) throw new ArgumentError(`The score gives nothing for the parameter "${lost}".`);
    return found;
  } finally {
    tf.dispose(all.flatMap(({leaf}) => (own.has(leaf) ? [] : [leaf])));
  }
}
