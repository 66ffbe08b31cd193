import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkGiven, checkKey} from "../checks.ts";
import {erf} from "./erf.ts";
import {
  generalizationError,
  type Overlaps,
  rungeKutta,
  type Surroundings,
  slopeOf,
  type TeacherStudentRule
} from "./overlaps.ts";

export interface TeacherStudentOptions {
  /** Numbers of an input: the more, the nearer is a simulation to the equations. */
  inputs: number;
  /** Hidden units of the student, 2 by default. */
  hidden?: number;
  /** Hidden units of the teacher, 2 by default. */
  teacherHidden?: number;
  /** What PEPITA's projection has of the student's first weights, each times its output weight: 1 by default. It is random besides. */
  mirrored?: number;
  /** What the projection is multiplied by, 0.05 by default: PEPITA is of first order where it is small. */
  projectionScale?: number;
  key: Key;
}

/** Two networks of one hidden layer, y = sum_k output_k erf(w_k x / sqrt(2 inputs)), and ways back: rows of numbers in float64. */
export interface TeacherStudent {
  inputs: number;
  /** Rows of the student's first layer, and of the teacher's. */
  student: Float64Array[];
  teacher: Float64Array[];
  studentOutput: number[];
  teacherOutput: number[];
  /** PEPITA's projection, [inputs]. */
  projection: Float64Array;
  /** Of feedback alignment, [hidden]. */
  feedback: number[];
}

export interface LearningCurveOptions {
  /** "backpropagation", "feedbackAlignment", or "pepita" (the equations know it to first order). */
  rule: TeacherStudentRule;
  /** Examples over inputs. */
  time: number;
  /** Of hidden weights, 0.5 by default. For "pepita" take as much more as the projection is smaller. */
  learningRate?: number;
  /** Of output weights, 0.5 by default. */
  outputRate?: number;
  /** Points of the curve besides the first, 20 by default. */
  points?: number;
}

/** Half the mean squared error on new inputs at a time. */
export interface LearningCurvePoint {
  time: number;
  error: number;
}

/**
 * A student that learns from a teacher of the same kind, one example after the other, in the setting of Saad & Solla (1995) for
 * inputs of independent normal numbers. `simulateStudent` lets it learn; `studentCurve` gives the curve that it follows when there
 * are many inputs, from the overlaps of its first weights. Throws an ArgumentError for sizes that are none.
 *
 * @example
 * import {key} from "petri/core";
 * import {simulateStudent, studentCurve, teacherStudent} from "petri/forward-forward";
 *
 * const made = teacherStudent({inputs: 200, key: key(2)});
 * const options = {rule: "pepita", time: 20, learningRate: 0.5 / 0.05};
 * const rows = [
 *   ...simulateStudent(made, {...options, key: key(3)}).map((row) => ({...row, by: "simulation"})),
 *   ...studentCurve(made, options).map((row) => ({...row, by: "equations"}))
 * ];
 * display(Plot.plot({height: 200, color: {legend: true}, marks: [Plot.line(rows, {x: "time", y: "error", stroke: "by"})]}));
 */
export function teacherStudent(options: TeacherStudentOptions): TeacherStudent {
  checkOptions("teacherStudent", options, {
    inputs: true,
    hidden: true,
    teacherHidden: true,
    mirrored: true,
    projectionScale: true,
    key: true
  });
  const {inputs, hidden = 2, teacherHidden = 2, mirrored = 1, projectionScale = 0.05, key} = options;
  for (const [name, count] of Object.entries({inputs, hidden, teacherHidden})) checkCount(name, count);
  checkNumber("mirrored", mirrored);
  checkKey("teacherStudent", key);
  checkNumber("projectionScale", projectionScale, 0);
  const [studentKey, teacherKey, outputKey, projectionKey, feedbackKey] = key.split(5) as [
    Key,
    Key,
    Key,
    Key,
    Key
  ];
  const rows = (own: Key, count: number) =>
    Array.from({length: count}, (_, k) => Float64Array.from(own.fold(k).normal(inputs)));
  const student = rows(studentKey, hidden);
  const studentOutput = Array.from(outputKey.normal(hidden));
  const random = projectionKey.normal(inputs);
  const projection = Float64Array.from(random, (value, i) => {
    const own = student.reduce((sum, row, k) => sum + (studentOutput[k] as number) * (row[i] as number), 0);
    return projectionScale * (value - mirrored * own);
  });
  return {
    inputs,
    student,
    teacher: rows(teacherKey, teacherHidden),
    studentOutput,
    teacherOutput: Array.from({length: teacherHidden}, () => 1),
    projection,
    feedback: Array.from(feedbackKey.normal(hidden))
  };
}

/**
 * The generalisation error of a student that learns by simulation, example by example in float64; the error itself is exact, from
 * the overlaps of the weights at that time. PEPITA is that of `pepita`: a second pass on x + F e / sqrt(inputs), whose change of the
 * hidden units is what they learn from. Throws ArgumentErrors for an unknown rule and for numbers that are none.
 */
export function simulateStudent(
  made: TeacherStudent,
  options: LearningCurveOptions & {key: Key}
): LearningCurvePoint[] {
  checkGiven("simulateStudent", made, MADE);
  checkGiven("simulateStudent", options, 'options such as {rule: "pepita", time: 20, key: key(1)}');
  checkKey("simulateStudent", options.key);
  const {key, ...rest} = options;
  const {rule, time, learningRate, outputRate, points} = checked(rest);
  const {inputs, teacher, teacherOutput, projection, feedback} = made;
  const student = made.student.map((row) => Float64Array.from(row));
  const output = [...made.studentOutput];
  const around = surroundingsOf(made);
  const total = Math.round(time * inputs);
  const root = Math.sqrt(inputs);
  const now = () => generalizationError(overlapsOf({...made, student, studentOutput: output}), around);
  const curve: LearningCurvePoint[] = [{time: 0, error: now()}];
  for (let step = 1, done = 0; step <= points; ++step) {
    const until = Math.round((step * total) / points);
    for (; done < until; ++done) learn(Float64Array.from(key.fold(done).normal(inputs)));
    curve.push({time: done / inputs, error: now()});
  }
  return curve;

  function learn(x: Float64Array): void {
    const sums = student.map((row) => dot(row, x) / root);
    const wanted = teacher.reduce(
      (sum, row, m) => sum + (teacherOutput[m] as number) * value(dot(row, x) / root),
      0
    );
    const given = (at: readonly number[]) =>
      at.reduce((sum, each, k) => sum + (output[k] as number) * value(each), 0);
    const error = given(sums) - wanted;
    // Of the second pass, for PEPITA: what hidden units are given, the input, and the error.
    const pushed = student.map((row, k) => (sums[k] as number) + (error * dot(row, projection)) / inputs);
    const isPepita = rule === "pepita";
    const last = isPepita ? {sums: pushed, error: given(pushed) - wanted} : {sums, error};
    const deltas = sums.map((own, k) => {
      if (isPepita) return value(own) - value(pushed[k] as number);
      return slope(own) * error * ((rule === "feedbackAlignment" ? feedback[k] : output[k]) as number);
    });
    const push = isPepita ? error / root : 0;
    deltas.forEach((delta, k) => {
      const row = student[k] as Float64Array;
      const factor = (learningRate / root) * delta;
      for (let i = 0; i < inputs; ++i)
        row[i] = (row[i] as number) - factor * ((x[i] as number) + push * (projection[i] as number));
      output[k] = (output[k] as number) - (outputRate / inputs) * last.error * value(last.sums[k] as number);
    });
  }
}

/**
 * The same curve from the equations of motion of the overlaps, as examples become many as inputs do (Saad & Solla 1995; Refinetti et
 * al. 2021 for feedback alignment; Srinivasan et al. 2024 for PEPITA to first order, whose feedback is the overlap of hidden weights with
 * the projection, and changes with them). Solved in steps of 1 / 50 by Runge and Kutta. Throws as `simulateStudent`.
 */
export function studentCurve(made: TeacherStudent, options: LearningCurveOptions): LearningCurvePoint[] {
  checkGiven("studentCurve", made, MADE);
  const {time, points, ...rates} = checked(options);
  const around = surroundingsOf(made);
  let overlaps = overlapsOf(made);
  const curve: LearningCurvePoint[] = [{time: 0, error: generalizationError(overlaps, around)}];
  const steps = Math.ceil((time / points) * 50);
  for (let point = 1; point <= points; ++point) {
    for (let i = 0; i < steps; ++i)
      overlaps = rungeKutta(overlaps, time / points / steps, (at) => slopeOf(at, around, rates));
    curve.push({time: (point * time) / points, error: generalizationError(overlaps, around)});
  }
  return curve;
}

const MADE = "what teacherStudent gave";

/** The nonlinearity of hidden units and its slope. */
const value = (z: number) => erf(z / Math.SQRT2);
const slope = (z: number) => Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2);

function overlapsOf({inputs, student, teacher, projection, studentOutput}: TeacherStudent): Overlaps {
  const against = (rows: readonly Float64Array[]) =>
    student.map((row) => rows.map((other) => dot(row, other) / inputs));
  return {
    q: against(student),
    r: against(teacher),
    a: student.map((row) => dot(row, projection) / inputs),
    output: [...studentOutput]
  };
}

function surroundingsOf({
  inputs,
  teacher,
  projection,
  teacherOutput,
  feedback
}: TeacherStudent): Surroundings {
  return {
    t: teacher.map((row) => teacher.map((other) => dot(row, other) / inputs)),
    f: teacher.map((row) => dot(row, projection) / inputs),
    teacherOutput,
    feedback
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function checked(options: LearningCurveOptions): Required<LearningCurveOptions> {
  checkOptions("A learning curve", options, {
    rule: true,
    time: true,
    learningRate: true,
    outputRate: true,
    points: true
  });
  const {rule, time, learningRate = 0.5, outputRate = 0.5, points = 20} = options;
  if (!["backpropagation", "feedbackAlignment", "pepita"].includes(rule))
    throw new ArgumentError(
      `rule must be "backpropagation", "feedbackAlignment" or "pepita", got ${String(rule)}.`
    );
  checkNumber("time", time, Number.MIN_VALUE);
  checkNumber("learningRate", learningRate, 0);
  checkNumber("outputRate", outputRate, 0);
  checkCount("points", points);
  return {rule, time, learningRate, outputRate, points};
}
