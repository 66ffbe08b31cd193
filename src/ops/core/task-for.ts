import {classCount, type Dataset} from "../datasets/dataset.ts";
import {labelCheck} from "./label-check.ts";
import type {Layer} from "./layer.ts";
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
  {name, learning}: Layer<P>,
  data: Dataset,
  {loss, evaluations}: TaskSettings
): Task {
  const sets = evaluations.map((each) => each.data);
  if (!learning) return taskOf(data, loss, sets);
  for (const each of [data, ...sets]) {
    if (each.targets) continue;
    const check = labelCheck(each);
    if (learning.classes !== undefined)
      check(learning.classes, {of: name, more: (classes) => `pass classes: ${classes}`});
    else if (classCount(each) > 0)
      check(classCount(each), {of: each.name, more: (classes) => `set its classes to ${classes}`});
  }
  return taskOf(data, loss);
}
