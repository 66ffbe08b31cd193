import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Expert} from "../experts/expert.ts";

/** Throws unless there are so many experts of some kind. */
export function checkExperts(layer: string, {experts, expert}: {experts: number; expert: Expert}): void {
  checkCount("experts", experts);
  if (typeof expert?.apply !== "function")
    throw new ArgumentError(
      `${layer} needs an expert, one of those of petri/moe: {expert: mlpExpert({hidden: 64})}.`
    );
}

/** Numbers that come out of an expert for a token of so many features. */
export const outputsOf = (expert: Expert, features: number): number => expert.outputs?.(features) ?? features;
