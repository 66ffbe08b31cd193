import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {addNoise, type Chance, chooseKey} from "./chance.ts";

const ACTIVATIONS = {
  tanh: Math.tanh,
  relu: (x: number) => Math.max(0, x),
  linear: (x: number) => x
};

/** A network of one hidden layer: y = W2 activation(W1 x + b1), kernels (in, out). */
export interface Teacher {
  kernel1: Float32Array;
  bias1: Float32Array;
  kernel2: Float32Array;
}

export interface TeacherOptions extends Chance {
  /** Rows, 1000 by default. */
  n?: number;
  /** Numbers a row, 10 by default. */
  inputs?: number;
  /** Hidden units of the teacher, 5 by default. */
  hidden?: number;
  /** Numbers to predict, 1 by default. */
  outputs?: number;
  activation?: keyof typeof ACTIVATIONS;
  /** The seed of the teacher's weights, 0 by default: rows of other seeds have the same teacher. */
  teacher?: number;
  /** Standard deviation of normal noise on the targets, 0 by default. */
  noise?: number;
}

/**
 * Standard normal inputs and what a random network says to them. The teacher's weights are normal with variance 1 over
 * the number of inputs of their layer, its biases standard normal; they come with the dataset. @throws ArgumentError
 *
 * @example
 * import {teacherStudent} from "petri/datasets";
 *
 * const seen = teacherStudent({n: 200, inputs: 4, hidden: 3, seed: 1});
 * const unseen = teacherStudent({n: 50, inputs: 4, hidden: 3, seed: 2});
 * display({teacher: seen.teacher, targets: unseen.targets.subarray(0, 5)});
 */
export function teacherStudent(options: TeacherOptions = {}): Dataset & {teacher: Teacher} {
  const {n = 1000, inputs: width = 10, hidden = 5, outputs = 1, activation = "tanh", noise = 0} = options;
  for (const [name, value] of Object.entries({n, inputs: width, hidden, outputs})) checkCount(name, value);
  checkNumber("noise", noise, 0);
  const activate = ACTIVATIONS[activation];
  if (!activate)
    throw new ArgumentError(`activation must be ${Object.keys(ACTIVATIONS).join(", ")}, got ${activation}.`);
  checkSize("teacher-student", n, width + outputs);
  checkSize("the teacher", width + outputs, hidden);
  const teacher = makeTeacher(keyOf(options.teacher ?? 0), width, hidden, outputs);
  const [inputKey, noiseKey] = chooseKey("teacher-student", options).split(2) as [Key, Key];
  const inputs = inputKey.normal(n * width);
  const targets = new Float32Array(n * outputs);
  for (let row = 0; row < n; ++row) {
    const x = inputs.subarray(row * width, (row + 1) * width);
    const units = product(x, teacher.kernel1, hidden).map((sum, h) =>
      activate(sum + (teacher.bias1[h] as number))
    );
    targets.set(product(units, teacher.kernel2, outputs), row * outputs);
  }
  addNoise(targets, noise, noiseKey);
  const targetShape = outputs === 1 ? [] : [outputs];
  const labels = new Int32Array();
  return {
    name: "teacher-student",
    inputs,
    inputShape: [width],
    labels,
    classes: 0,
    targets,
    targetShape,
    teacher
  };
}

function makeTeacher(key: Key, inputs: number, hidden: number, outputs: number): Teacher {
  const [kernel1, bias1, kernel2] = key.split(3) as [Key, Key, Key];
  return {
    kernel1: kernel1.normal(inputs * hidden, 0, 1 / Math.sqrt(inputs)),
    bias1: bias1.normal(hidden),
    kernel2: kernel2.normal(hidden * outputs, 0, 1 / Math.sqrt(hidden))
  };
}

/** A vector times a kernel (in, out). */
function product(x: ArrayLike<number>, kernel: Float32Array, outputs: number): number[] {
  return Array.from({length: outputs}, (_, o) => {
    let sum = 0;
    for (let i = 0; i < x.length; ++i) sum += (x[i] as number) * (kernel[i * outputs + o] as number);
    return sum;
  });
}
