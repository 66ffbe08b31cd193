// The loss of a network on samples, with its gradient: what training minimises.
import type {KanNetwork} from "../network.ts";
import {backward} from "./backward.ts";
import {forward} from "./forward.ts";
import {
  flattened,
  gathered,
  type KanParameter,
  layerViews,
  scatter,
  trainedPlaces,
  viewed
} from "./parameters.ts";
import {intoColumns, makePass, outputsOf, type Pass, takeInputs} from "./pass.ts";
import {activationPenalty, coefficientPenalty, type KanPenalty} from "./penalty.ts";
import type {Numbers} from "./samples.ts";

/** The mean squared error of a network plus a penalty, as a function of the numbers that are trained. */
export class Objective {
  /** The mean squared error and the penalty (without lamb) of the last evaluation. */
  meanSquare = NaN;
  penalty = 0;
  private readonly all: Float64Array;
  private readonly gradient: Float64Array;
  private readonly trainedGradient: Float64Array;
  private readonly targets: Float64Array;
  private readonly pass: Pass;

  /** The samples are [samples, inputs] and [samples, outputs], checked. */
  constructor(
    private readonly network: KanNetwork,
    inputs: Numbers,
    targets: Numbers,
    private readonly options: {samples: number; places: Int32Array; penalty: KanPenalty}
  ) {
    const {samples, penalty} = options;
    this.pass = makePass(network, samples, {edges: measuresActivations(penalty)});
    takeInputs(this.pass, inputs);
    this.targets = new Float64Array(targets.length);
    intoColumns(targets, samples, this.targets);
    this.all = flattened(network);
    this.gradient = new Float64Array(this.all.length);
    this.trainedGradient = new Float64Array(options.places.length);
  }

  /** The loss and its gradient. The gradient's memory is the objective's, and is written anew by the next evaluation. */
  evaluate(trained: Float64Array): [number, Float64Array] {
    const {network, pass, gradient, all, options} = this;
    const {places, penalty} = options;
    const {lamb = 0} = penalty;
    scatter(trained, places, all);
    const now = viewed(network, all);
    gradient.fill(0);
    const views = layerViews(network, gradient);
    forward(now, pass);
    this.meanSquare = squaredError(pass, this.targets);
    this.penalty = 0;
    let spreads: ReturnType<typeof activationPenalty>["spreads"] | undefined;
    if (measuresActivations(penalty)) {
      const found = activationPenalty(now, pass, penalty, lamb);
      this.penalty = found.value;
      spreads = found.spreads;
    }
    backward(now, pass, views, spreads);
    if (lamb !== 0) this.penalty += coefficientPenalty(now, penalty, views, lamb);
    return [this.meanSquare + lamb * this.penalty, gathered(gradient, places, this.trainedGradient)];
  }
}

/** The mean squared error of what a pass gave; its gradient goes to where `backward` reads it. */
export function squaredError(pass: Pass, targets: Float64Array): number {
  const outputs = outputsOf(pass);
  const slopes = pass.layers.at(-1)?.valueSlopes as Float64Array;
  let sum = 0;
  for (let at = 0; at < outputs.length; ++at) {
    const error = (outputs[at] as number) - (targets[at] as number);
    sum += error * error;
    slopes[at] = (2 * error) / outputs.length;
  }
  return sum / outputs.length;
}

/** The numbers of a network that are trained, and where they lie in all of them. */
export function trainedOf(
  network: KanNetwork,
  trained: readonly KanParameter[]
): {values: Float64Array; places: Int32Array} {
  const places = trainedPlaces(network, trained);
  return {values: gathered(flattened(network), places), places};
}

/** The network with other trained numbers: it has memory of its own. */
export function withTrained(network: KanNetwork, values: Float64Array, places: Int32Array): KanNetwork {
  const all = flattened(network);
  scatter(values, places, all);
  return viewed(network, all);
}

function measuresActivations({lamb = 0, lambL1 = 1, lambEntropy = 2}: KanPenalty): boolean {
  return lamb !== 0 && (lambL1 !== 0 || lambEntropy !== 0);
}
