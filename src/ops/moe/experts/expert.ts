import type {Initializer} from "../../core/initializers.ts";
import type {Key} from "../../core/key.ts";
import type {Shape} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {GroupedRows} from "../rows.ts";

/** What experts are made for. */
export interface ExpertShape {
  readonly experts: number;
  /** Numbers for each token. */
  readonly features: number;
}

/** What each expert of a mixture computes; the parameters of all of them lie on a leading axis, [experts, ...]. */
export interface Expert<P extends Params = Params> {
  readonly name: string;
  /** Fresh parameters of all experts, each drawn from a key of its own; the caller owns them. */
  init(key: Key, shape: ExpertShape): P;
  /** Numbers that come out for a token of so many features; as many where it is left out. */
  outputs?(features: number): number;
  /** Floating-point operations for one token in one expert, a multiplication and its addition being two. */
  flops?(features: number): number;
  /** The outputs of rows sorted by expert, [rows, features] -> [rows, outputs]. The tensor belongs to the caller. */
  apply(params: P, rows: GroupedRows): Tensor;
}

/** A tensor of each expert, drawn from keys of their own and stacked: [experts, ...shape]. */
export function initStacked(init: Initializer, key: Key, experts: number, shape: Shape): Tensor {
  return tidy(() => tf.stack(Array.from({length: experts}, (_, e) => init(key.fold(e), shape))));
}
