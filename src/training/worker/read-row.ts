import {copyData} from "../capture/copy.ts";
import {isTensor} from "./tensor-like.ts";

/** A yielded row, taken apart. */
export interface ReadRow {
  step: number;
  /** The metrics. */
  numbers: Record<string, number>;
  /** Everything else, as copies. */
  fields: Record<string, unknown>;
  totalSteps?: number;
  /** `progress`, 0 to 1. */
  fraction?: number;
}

/** What a function yielded that is no row. */
export class RowError extends Error {
  override name = "RowError";
}

/**
 * Takes a yielded row apart. Tensors are read out and disposed: yielding a tensor hands it over. A tensor of one
 * element is a number, another a typed array.
 * @param defaultStep the row's step when it does not say.
 * @throws RowError when it is not an object, or holds what cannot be sent to the page.
 */
export async function readRow(value: unknown, defaultStep: number): Promise<ReadRow> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RowError(`yield takes a row such as {step, loss}, or nothing; it got ${describe(value)}.`);
  }
  const row: ReadRow = {step: defaultStep, numbers: {}, fields: {}};
  for (const [name, yielded] of Object.entries(value)) {
    const item = isTensor(yielded) ? await readTensor(yielded) : yielded;
    if (typeof item === "number" || typeof item === "bigint") place(row, name, Number(item));
    else if (item !== undefined) row.fields[name] = copyField(item, name);
  }
  return row;
}

function place(row: ReadRow, name: string, x: number): void {
  if (name === "step" && Number.isFinite(x)) row.step = x;
  else if (name === "totalSteps") row.totalSteps = x;
  else if (name === "progress") row.fraction = x;
  else row.numbers[name] = x;
}

async function readTensor(tensor: Parameters<typeof isTensor>[0]): Promise<unknown> {
  if (!isTensor(tensor)) return tensor;
  const values = (await tensor.data()).slice();
  tensor.dispose();
  return values.length === 1 ? values[0] : values;
}

function copyField(item: unknown, name: string): unknown {
  if (typeof item === "string" || typeof item === "boolean" || item === null) return item;
  try {
    // The function may change it in place before the row is sent.
    return copyData(item, name, "the page").copy;
  } catch (error) {
    throw new RowError(`A row's field ${(error as Error).message}`);
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return value === null
    ? "null"
    : typeof value === "object"
      ? "an object that holds functions"
      : `a ${typeof value}`;
}
