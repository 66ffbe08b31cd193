// Which options losses have, and what they may be: asked when a mixture is made, and where a loss is computed.
import {checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {checkWord, type Known} from "../options.ts";
import type {BalanceLossOptions} from "./balance-loss.ts";
import type {SpreadOptions} from "./importance-loss.ts";
import type {LoadLossOptions} from "./load-loss.ts";
import type {ChunkSparsityLossOptions, LocalityLossOptions} from "./sparsity-losses.ts";

const SPREAD: Known<SpreadOptions> = {variance: true};

export function checkBalance(options: BalanceLossOptions): void {
  checkOptions("balanceLoss", options, {convention: true, groups: true});
  const {convention = "switch", groups = 1} = options;
  checkWord("balanceLoss: convention", convention, ["switch", "megablocks", "gshard"]);
  checkCount("groups", groups);
}

export function checkSpread(options: SpreadOptions): void {
  checkOptions("The spread of experts", options, SPREAD);
  checkVariance(options);
}

const checkVariance = ({variance = "unbiased"}: SpreadOptions) =>
  checkWord("variance", variance, ["unbiased", "biased"]);

export function checkLoad(options: LoadLossOptions): void {
  checkOptions("loadLoss", options, {convention: true, ...SPREAD});
  checkWord("loadLoss: convention", options.convention ?? "shazeer", ["shazeer", "vmoe", "tutel"]);
  checkVariance(options);
}

export function checkLocality(options: LocalityLossOptions): void {
  checkOptions("localityLoss", options, {steepness: true, sequences: true});
  const {steepness = 100, sequences = 1} = options;
  checkNumber("steepness", steepness, 0);
  checkCount("sequences", sequences);
}

export function checkChunkSparsity(options: ChunkSparsityLossOptions): void {
  checkOptions("chunkSparsityLoss", options, {chunk: true});
  checkCount("chunk", options.chunk ?? 8);
}
