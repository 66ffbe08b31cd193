import {copyData} from "../capture/copy.ts";
import type {CheckpointTree, TensorValues} from "../row-types.ts";

/** What is needed of a tfjs tensor to read it out, so that this folder needs no tfjs. */
export interface TensorLike {
  dataId: object;
  shape: number[];
  dtype: string;
  size: number;
  data(): Promise<TensorValues["values"]>;
  dispose(): void;
}

/** Whether a value is a tensor. */
export function isTensor(value: unknown): value is TensorLike {
  return (
    typeof value === "object" && value !== null && "dataId" in value && "dispose" in value && "data" in value
  );
}

/** A tree with every tensor read out; other leaves are copied when they are typed arrays and left as they are else. */
export async function readTree(tree: unknown): Promise<CheckpointTree> {
  if (isTensor(tree)) {
    const values = await tree.data();
    return {shape: [...tree.shape], dtype: tree.dtype, values: values.slice() as TensorValues["values"]};
  }
  if (Array.isArray(tree)) return Promise.all(tree.map(readTree));
  if (ArrayBuffer.isView(tree)) return copyData(tree, "checkpoint").copy;
  if (typeof tree !== "object" || tree === null) {
    if (["number", "string", "boolean"].includes(typeof tree) || tree === null) return tree as CheckpointTree;
    throw new TypeError(
      `checkpoint(name, tree) takes a tree of tensors, typed arrays and numbers; it has a ${typeof tree}.`
    );
  }
  const entries = Object.entries(tree).map(async ([name, child]) => [name, await readTree(child)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
