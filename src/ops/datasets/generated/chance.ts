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
