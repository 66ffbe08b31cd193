import {ArgumentError} from "../../core/errors.ts";
import type {Context} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";

/** What a network keeps besides its parameters. Throws an ArgumentError where it was not handed over. */
export function stateOf(context: Context, name: string): Params {
  const state = context.state?.[context.path || name];
  if (state !== undefined) return state;
  throw new ArgumentError(
    `${name} learns with what initState gives (its fixed feedback), under "${context.path || name}" in the context's state: got none.`
  );
}
