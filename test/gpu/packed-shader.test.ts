import {expect, test} from "vitest";
import {packedWgsl} from "../../src/gpu/plan/packed-shader.ts";

const shaderOf = (code: string) => ({
  key: "test",
  bindings: ["a", "y", "out0", "out1"].map((name) => ({
    name,
    element: "f32",
    isWritten: name.startsWith("out")
  })),
  fields: [{name: "size", type: "u32"} as const],
  code: () => code
});

const main = (body: string, parameters = "@builtin(workgroup_id) group: vec3u") =>
  `@compute @workgroup_size(64)\nfn main(${parameters}) {\n${body}\n}`;

test("arrays begin at the part of the run, whatever the index is made of", () => {
  const text = packedWgsl(shaderOf(main("out0[group.x] = a[u32(y[group.x & 3u]) | args.size];")), 4);
  expect(text).toContain(
    "out0[petri_shift_out0 + u32(group.x)] = a[petri_shift_a + u32(u32(y[petri_shift_y + u32(group.x & 3u)]) | petri_args.size)];"
  );
  expect(text).toContain("let petri_args = petri_runs.args[petri_run];");
  expect(text).toContain("args: array<Args, 4>");
  expect(text).not.toContain("petri_shift_out1");
});

test("the run goes to helper functions, whose parameters hide arrays of their names", () => {
  const helper = "fn slope(y: vec4f) -> f32 { return y[0] + a[1]; }\n";
  const text = packedWgsl(shaderOf(helper + main("out0[0] = slope(vec4f(1.0));")), 2);
  expect(text).toContain("fn slope(petri_run: u32, y: vec4f) -> f32 {");
  expect(text).toContain("return y[0] + a[petri_shift_a + u32(1)];");
  expect(text).toContain("= slope(petri_run, vec4f(1.0));");
});

test("an array in the memory of another one is read and written there", () => {
  const text = packedWgsl(shaderOf(main("out1[0] = 1.0; out0[1] = 2.0;")), 2, new Map([["out1", "out0"]]));
  expect(text).toContain("out0[petri_shift_out1 + u32(0)] = 1.0; out0[petri_shift_out0 + u32(1)] = 2.0;");
  expect(text).not.toContain("> out1:");
});

test("code that is not understood is not packed", () => {
  expect(packedWgsl(shaderOf(main("let p = &out0; (*p)[0] = 1.0;")), 2)).toBeUndefined();
  expect(packedWgsl(shaderOf(main("let all = args; out0[0] = f32(all.size);")), 2)).toBeUndefined();
  expect(packedWgsl(shaderOf(main("let y = vec4f(1.0); out0[0] = y[1];")), 2)).toBeUndefined();
  const place = "@builtin(global_invocation_id) id: vec3u";
  expect(packedWgsl(shaderOf(main("out0[id.x] = 1.0;", place)), 2)).toBeUndefined();
});
