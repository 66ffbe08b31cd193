import type {Bench} from "../measurement.ts";
import {recordings, recordingsByName} from "../support/recording.ts";

const of = {
  subject: "forward-forward-notebooks",
  lower: /parameters|negatives|time|error|overlap|shared|objective|moved/
};
const recording = recordings(of);
const recordingOwn = recordings({subject: of.subject, lower: /parameters|bytes|time|left/});
const recordingNear = recordings({
  subject: of.subject,
  lower: /parameters|time|distance|variance|energy|slope|objective|moved/
});
const recordingOthers = recordingsByName({subject: of.subject, lower: /time|loss|error|bytes/});

/** The figures that the notebooks on learning without backpropagation begin with. */
export const forwardForwardNotebooks: Record<string, Bench> = {
  "forward-forward": recording("train-forward-forward", {seeds: 3, steps: 800}),
  "forward gradient": recordingNear("train-forward-gradient", {seeds: 3, steps: 500}),
  "predictive coding": recordingNear("train-predictive-coding", {seeds: 3, steps: 300}),
  noprop: recordingOwn("train-noprop", {seeds: 3, steps: 300}),
  hopfield: recordingOwn("train-hopfield", {seeds: 3, steps: 0}),
  "local rules": recordingsByName(of)("train-local-rules", {seeds: 3, steps: 300}),
  "local rules on MNIST": recordingsByName(of)("train-local-rules-mnist", {seeds: 3, steps: 300}),
  "other networks": recordingOthers("train-other-networks", {seeds: 3, steps: 300}),
  MNIST: recording("train-mnist", {seeds: 3, steps: 18760})
};
