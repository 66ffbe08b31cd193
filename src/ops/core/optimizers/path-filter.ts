// Chooses parameters by their path: what `perPath` and the `mask` of weight decay take.
import type {Tensor} from "../../tf.ts";
import {ArgumentError} from "../errors.ts";

/**
 * Chooses parameters by their path, "dense1/kernel": a function of path and tensor; a regular expression that is searched for
 * in the path; or a text in which "*" stands for any characters, and which has to match the path or its beginning up to a
 * "/". "dense1" is all of that layer, "*bias" every bias, "*" everything.
 */
export type PathFilter = string | RegExp | ((path: string, param: Tensor) => boolean);

/** The filter as a function; everything passes where there is none. */
export function pathFilter(filter: PathFilter = "*"): (path: string, param: Tensor) => boolean {
  if (typeof filter === "function") return filter;
  if (filter instanceof RegExp) return (path) => path.search(filter) >= 0;
  if (typeof filter !== "string" || filter === "") {
    throw new ArgumentError(
      `A path filter must be a text like "dense1" or "*bias", a regular expression or a function, got ${JSON.stringify(filter) ?? typeof filter}.`
    );
  }
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const whole = new RegExp(`^${filter.split("*").map(literal).join(".*")}(/|$)`);
  return (path) => whole.test(path);
}
