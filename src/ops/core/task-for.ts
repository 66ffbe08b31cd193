import {classCount, type Dataset, outcomeShape} from "../datasets/dataset.ts";
import {labelCheck} from "./label-check.ts";
import {type Layer, shapeAfter} from "./layer.ts";
import {type BatchLoss, type Task, taskOf} from "./task.ts";
import type {Params} from "./tree.ts";

interface TaskSettings {
  loss?: BatchLoss | undefined;
  evaluations: readonly {data: Dataset}[];
}

/**
 * What a training is for. Throws an ArgumentError, at the latest before its first update, where a label of the data or of an
 * evaluation is none of the model's classes. A rule of learning makes its loss itself: labels then have to be of the classes
 * that it tells, or of those that the data tells.
 */
export function taskFor<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  {loss, evaluations}: TaskSettings
): Task {
  const {learning} = model;
  const sets = evaluations.map((each) => each.data);
  if (!learning) return taskOf(data, loss, sets);
  for (const each of [data, ...sets]) checkLabels(each, model as unknown as Layer);
  return taskOf(data, loss);
}

function checkLabels(data: Dataset, model: Layer): void {
  if (data.targets) return;
  const {name, learning} = model;
  const check = labelCheck(data);
  const told = learning?.classes;
  if (typeof told === "number") check(told, {of: name, more: (classes) => `pass classes: ${classes}`});
  const outputs = told === "outputs" ? shapeAfter(model, data.inputShape) : [];
  // Labels in the shape of the outputs are no classes of theirs.
  if (outputs.length > outcomeShape(data).length)
    check(outputs.at(-1) as number, {of: name, more: (classes) => `give it ${classes} outputs`});
  if (told === undefined && classCount(data) > 0)
    check(classCount(data), {of: data.name, more: (classes) => `set its classes to ${classes}`});
}
