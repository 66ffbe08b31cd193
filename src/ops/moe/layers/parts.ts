import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Layer} from "../../core/layer.ts";
import type {Expert} from "../experts/expert.ts";

/** Throws unless there are so many experts of some kind. */
export function checkExperts(layer: string, {experts, expert}: {experts: number; expert: Expert}): void {
  checkCount("experts", experts);
  if (expert && ("outputShape" in expert || "children" in expert))
    throw new ArgumentError(
      `${layer} takes an expert, which computes the rows of all experts at once, and not the layer ${(expert as Expert).name}: pass one of those of petri/moe, {expert: mlpExpert({hidden: 64})}.`
    );
  if (typeof expert?.apply !== "function")
    throw new ArgumentError(
      `${layer} needs an expert, one of those of petri/moe: {expert: mlpExpert({hidden: 64})}.`
    );
}

/** Throws unless there is a layer. */
export function checkLayer(of: string, layer: Layer): void {
  if (typeof layer?.apply !== "function" || typeof layer.init !== "function")
    throw new ArgumentError(
      `${of} needs a layer, such as moe({experts, router, expert}), got ${String(layer)}.`
    );
}

/** Numbers that come out of an expert for a token of so many features. */
export const outputsOf = (expert: Expert, features: number): number => expert.outputs?.(features) ?? features;
