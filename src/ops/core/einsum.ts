import {type Tensor, tf} from "../tf.ts";
import {ArgumentError, ShapeError} from "./errors.ts";

/** A tensor whose dimensions have names. */
interface Named {
  labels: string;
  tensor: Tensor;
}

/**
 * Einstein summation as numpy.einsum: `einsum("bij,bjk->bik", a, b)`. Labels that the output lacks are summed; without an
 * arrow the output has the labels that occur once, in alphabetical order; a label twice in one operand is its diagonal.
 * Any number of operands, from left to right; every pair is one matrix product where something is summed over both. It is
 * made of operations with gradients of any order, unlike tf.einsum, and works on every backend.
 * Throws an ArgumentError for an equation that cannot be read, a ShapeError for sizes that differ. No ellipsis.
 *
 * @example
 * import {einsum, tf} from "petri/core";
 *
 * const queries = tf.ones([2, 3, 4]);
 * const keys = tf.ones([2, 5, 4]);
 * display(einsum("bqd,bkd->bqk", queries, keys).shape);
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  const {operands, output} = parse(equation, tensors);
  return tf.tidy(() => {
    const [first, ...rest] = operands.map(diagonal) as [Named, ...Named[]];
    let result = first;
    rest.forEach((next, i) => {
      const later = rest.slice(i + 1).map(({labels}) => labels);
      result = contract(result, next, [output, ...later].join(""));
    });
    return ordered(summedTo(result, output), output).tensor;
  });
}

function parse(equation: string, tensors: readonly Tensor[]): {operands: Named[]; output: string} {
  const wrong = (why: string) =>
    new ArgumentError(`The equation "${equation}" ${why}. Write it as "ij,jk->ik", one letter a dimension.`);
  const match = /^([A-Za-z,]*)(?:->([A-Za-z]*))?$/.exec(equation.replaceAll(/\s/g, ""));
  if (!match) throw wrong("has something else than letters, commas and one arrow");
  const inputs = (match[1] as string).split(",");
  if (inputs.length !== tensors.length) {
    throw wrong(`is about ${inputs.length} tensors, but ${tensors.length} came`);
  }
  const output = match[2] ?? implicitOutput(inputs.join(""));
  for (const label of output) {
    if (!match[1]?.includes(label)) throw wrong(`gives "${label}", which no operand has`);
  }
  if (new Set(output).size < output.length) throw wrong("gives a dimension twice");
  const operands = inputs.map((labels, i) => ({labels, tensor: tensors[i] as Tensor}));
  checkSizes(equation, operands);
  return {operands, output};
}

function implicitOutput(labels: string): string {
  return [...labels]
    .filter((label) => labels.indexOf(label) === labels.lastIndexOf(label))
    .sort()
    .join("");
}

function checkSizes(equation: string, operands: readonly Named[]): void {
  const sizes = new Map<string, number>();
  const shapes = operands.map(({tensor}) => `[${tensor.shape.join(", ")}]`).join(" and ");
  for (const {labels, tensor} of operands) {
    if (labels.length !== tensor.rank) {
      throw new ShapeError(`"${equation}": "${labels}" names ${labels.length} dimensions, got ${shapes}.`);
    }
    [...labels].forEach((label, i) => {
      const size = tensor.shape[i] as number;
      const known = sizes.get(label) ?? size;
      if (known !== size) {
        throw new ShapeError(`"${equation}": "${label}" is ${known} and ${size} long in ${shapes}.`);
      }
      sizes.set(label, size);
    });
  }
}

/** Every label once: of those that come twice only equal indices are left. */
function diagonal({labels, tensor}: Named): Named {
  const second = [...labels].findIndex((label, i) => labels.indexOf(label) < i);
  if (second === -1) return {labels, tensor};
  const first = labels.indexOf(labels[second] as string);
  const size = tensor.shape[first] as number;
  const mask = tensor.shape.map((_, i) => (i === first || i === second ? size : 1));
  const kept = tf.sum(tf.mul(tensor, tf.reshape(tf.eye(size), mask)), second);
  return diagonal({labels: labels.slice(0, second) + labels.slice(second + 1), tensor: kept});
}

/** The product of two, summed over the labels that `wanted` lacks. */
function contract(left: Named, right: Named, wanted: string): Named {
  const a = summedTo(left, right.labels + wanted);
  const b = summedTo(right, left.labels + wanted);
  const both = [...a.labels].filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => wanted.includes(label)).join("");
  const inner = both.filter((label) => !wanted.includes(label)).join("");
  const rows = without(a.labels, batch + inner);
  const columns = without(b.labels, batch + inner);
  const labels = batch + rows + columns;
  const sizeOf = sizes(a, b);
  const shape = [...labels].map(sizeOf);
  const [batches, height, width, depth] = [batch, rows, columns, inner].map((some) =>
    [...some].reduce((product, label) => product * sizeOf(label), 1)
  ) as [number, number, number, number];
  const x = tf.reshape(ordered(a, batch + rows + inner).tensor, [batches, height, depth]);
  if (rows === "" && columns === "") {
    const y = tf.reshape(ordered(b, batch + inner).tensor, [batches, 1, depth]);
    return {labels, tensor: tf.reshape(tf.sum(tf.mul(x, y), 2), shape)};
  }
  if (inner === "") {
    const y = tf.reshape(ordered(b, batch + columns).tensor, [batches, 1, width]);
    return {labels, tensor: tf.reshape(tf.mul(x, y), shape)};
  }
  const y = tf.reshape(ordered(b, batch + inner + columns).tensor, [batches, depth, width]);
  return {labels, tensor: tf.reshape(tf.matMul(x, y), shape)};
}

/** Summed over the labels that are not in `wanted`. */
function summedTo({labels, tensor}: Named, wanted: string): Named {
  const axes = [...labels].flatMap((label, i) => (wanted.includes(label) ? [] : [i]));
  if (axes.length === 0) return {labels, tensor};
  return {
    labels: [...labels].filter((label) => wanted.includes(label)).join(""),
    tensor: tf.sum(tensor, axes)
  };
}

function ordered({labels, tensor}: Named, order: string): Named {
  if (labels === order) return {labels, tensor: tf.clone(tensor)};
  return {
    labels: order,
    tensor: tf.transpose(
      tensor,
      [...order].map((label) => labels.indexOf(label))
    )
  };
}

function without(labels: string, others: string): string {
  return [...labels].filter((label) => !others.includes(label)).join("");
}

function sizes(...operands: Named[]): (label: string) => number {
  const known = new Map(
    operands.flatMap(({labels, tensor}) => [...labels].map((label, i) => [label, tensor.shape[i] as number]))
  );
  return (label) => known.get(label) as number;
}

/** tf.einsum has no gradient: by an operand it is the sum of products with that operand taken out. */
tf.registerGradient({
  kernelName: "Einsum",
  saveAllInputs: true,
  gradFunc(dy, saved, attrs) {
    const {equation} = attrs as {equation: string};
    const {operands, output} = parse(equation, saved);
    const gradientBy = (i: number) => {
      const own = operands[i] as Named;
      const others = operands.filter((_, j) => j !== i);
      // Ones spread over what only this operand has.
      const factors = [...others, {labels: own.labels, tensor: tf.onesLike(own.tensor)}];
      const inputs = [output, ...factors.map(({labels}) => labels)].join(",");
      return einsum(`${inputs}->${own.labels}`, dy as Tensor, ...factors.map(({tensor}) => tensor));
    };
    return Object.fromEntries(saved.map((_, i) => [i, () => gradientBy(i)]));
  }
});
