// Operations that are constant between their jumps: their gradient is zero. tfjs has none for most of them, so that even
// `where(greater(x, 0), ...)` could not be differentiated, and a wrong one for floorDiv (that of a division).
import {noGradient, registerGradient} from "./register.ts";

const OF_TWO = [
  "Equal",
  "NotEqual",
  "Greater",
  "GreaterEqual",
  "Less",
  "LessEqual",
  "LogicalAnd",
  "LogicalOr",
  "FloorDiv"
];

for (const kernelName of OF_TWO) {
  registerGradient({
    kernelName,
    save: ["a", "b"],
    grads: (_dys, [a, b]) => ({a: () => noGradient(a as never), b: () => noGradient(b as never)})
  });
}

registerGradient({
  kernelName: "LogicalNot",
  save: ["x"],
  grads: (_dys, [x]) => ({x: () => noGradient(x as never)})
});
