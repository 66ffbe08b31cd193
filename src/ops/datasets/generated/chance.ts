import {ArgumentError} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";

/** Where chance comes from: a seed (0 by default) or a key. */
export interface Chance {
  seed?: number;
  key?: Key;
}

/** The key of these options. @throws ArgumentError for both a seed and a key. */
export function chooseKey(name: string, {seed, key}: Chance): Key {
  if (seed !== undefined && key !== undefined) {
    throw new ArgumentError(`${name}: pass a seed or a key, not both.`);
  }
  return key ?? keyOf(seed ?? 0);
}

/** Adds normal noise of this standard deviation to all values, in place. */
export function addNoise(values: Float32Array, standardDeviation: number, key: Key): void {
  if (standardDeviation === 0) return;
  const errors = key.normal(values.length, 0, standardDeviation);
  for (let i = 0; i < values.length; ++i) values[i] = (values[i] as number) + (errors[i] as number);
}
