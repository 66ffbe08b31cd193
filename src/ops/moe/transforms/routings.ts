// What the routers of a network decide for a batch.
import type {Context, Layer, Shape} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {MoeLayer, MoeParams} from "../moe.ts";
import type {Routing} from "../routing.ts";
import {checkWeights} from "../weights.ts";
import {mapLayers, moePlaces} from "./layers.ts";

/** What was asked of a mixture: its path, its tokens [tokens, features], and what its router decided. */
export interface Seen {
  readonly path: string;
  readonly layer: MoeLayer;
  readonly x: Tensor;
  readonly routing: Routing;
}

/**
 * Applies a network to a batch of its inputs, in evaluation, and calls `see` for each of its mixtures in order. The tensors live until
 * the last call has returned, unless they are kept. Throws an ArgumentError where the network has no mixture.
 */
export function seeRoutings(
  model: Layer,
  params: Params,
  x: Tensor,
  see: (seen: Seen) => void,
  context: Context = {}
): void {
  const inputShape = x.shape.slice(1);
  const watched = watchMoes(model, inputShape, see);
  tidy(() => watched.apply(params, x, {...context, training: false}));
}

/** The network with mixtures that tell how they route before they are applied. */
function watchMoes(model: Layer, inputShape: Shape, see: (seen: Seen) => void): Layer {
  const places = new Map(moePlaces(model, inputShape).map((place) => [place.path, place.layer]));
  return mapLayers(model, inputShape, ({path}) => {
    const layer = places.get(path);
    if (!layer) return undefined;
    const watched: Layer<MoeParams> = {
      ...layer,
      apply(params, x, context) {
        tidy(() => {
          // What it keeps and leaves is for the application itself to do.
          const looking = {...context, setState: undefined, addLoss: undefined, leave: undefined};
          const tokens = tf.reshape(x, [-1, x.shape.at(-1) as number]);
          see({path, layer, x: tokens, routing: layer.routing(params, x, looking)});
        });
        return layer.apply(params, x, context);
      }
    };
    return watched as Layer;
  });
}

/** The routing as choices of tokens on the CPU: for every token the experts that compute it, with their weights. */
export interface HostRouting {
  readonly path: string;
  /** Whether tokens choose or experts. */
  readonly kind: Routing["kind"];
  readonly experts: number;
  readonly tokens: number;
  /** Of every kept choice: which token, which expert, which weight. */
  readonly token: Int32Array;
  readonly expert: Int32Array;
  readonly weight: Float32Array;
  /** Choices, those dropped included. */
  readonly choices: number;
  /** [tokens, experts], where the router has them. */
  readonly probabilities?: Float32Array;
  readonly logits?: Float32Array;
}

/** The routings of all mixtures for a batch, read back. */
export async function hostRoutings(
  model: Layer,
  params: Params,
  x: Tensor,
  context?: Context
): Promise<HostRouting[]> {
  const kept: {path: string; tokens: number; routing: Routing}[] = [];
  const see = ({path, x: tokens, routing}: Seen) => {
    for (const each of tensorsOf(routing)) tf.keep(each);
    kept.push({path, tokens: tokens.shape[0] as number, routing});
  };
  try {
    seeRoutings(model, params, x, see, context);
    return await Promise.all(kept.map(readRouting));
  } finally {
    for (const {routing} of kept) tf.dispose(tensorsOf(routing));
  }
}

const tensorsOf = (routing: Routing): Tensor[] => {
  const of = routing.kind === "choices" ? routing.indices : routing.tokens;
  const scores = [routing.probabilities, routing.logits].filter((each) => each !== undefined);
  return [of, routing.weights, ...scores];
};

async function readRouting(seen: {path: string; tokens: number; routing: Routing}): Promise<HostRouting> {
  const {path, tokens, routing} = seen;
  const [chosen, weights] = [routing.kind === "choices" ? routing.indices : routing.tokens, routing.weights];
  const [ids, values] = (await Promise.all([chosen.data(), weights.data()])) as [Int32Array, Float32Array];
  const each = chosen.shape[1] as number;
  checkWeights({kind: routing.kind, weights: values, ids}, each, `The router at "${path}"`);
  const at = [...ids.keys()].filter((i) => (ids[i] as number) >= 0);
  const own = (i: number) => Math.floor(i / each);
  const isTokens = routing.kind === "choices";
  const read = async (scores: Tensor | undefined) =>
    scores ? ((await scores.data()) as Float32Array) : undefined;
  const [probabilities, logits] = await Promise.all([read(routing.probabilities), read(routing.logits)]);
  return {
    path,
    kind: routing.kind,
    tokens,
    experts: routing.experts,
    token: Int32Array.from(at, (i) => (isTokens ? own(i) : (ids[i] as number))),
    expert: Int32Array.from(at, (i) => (isTokens ? (ids[i] as number) : own(i))),
    weight: Float32Array.from(at, (i) => values[i] as number),
    choices: ids.length,
    ...(probabilities && {probabilities}),
    ...(logits && {logits})
  };
}
