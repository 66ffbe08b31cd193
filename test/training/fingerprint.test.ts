import {createHash} from "node:crypto";
import {expect, it} from "vitest";
import {canonical} from "../../src/training/canonical.ts";
import {capture} from "../../src/training/capture/capture.ts";
import {fingerprintOf, hashData, inputsHash, structureHash} from "../../src/training/fingerprint.ts";
import {digest, sha256} from "../../src/training/sha256.ts";

it("computes SHA-256 as the platform does", async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 1000]) {
    const bytes = Uint8Array.from({length}, (_, i) => i * 7);
    const expected = createHash("sha256").update(bytes).digest("hex");
    expect(Buffer.from(sha256(bytes)).toString("hex")).toBe(expected);
    expect(await digest(bytes)).toBe(expected);
  }
});

it("tells shared memory, and objects that cannot be looked into, apart by what they hold", async () => {
  const shared = (x: number) => {
    const buffer = new SharedArrayBuffer(8);
    new Uint8Array(buffer).fill(x);
    return buffer;
  };
  expect(await canonical(shared(1))).toBe(await canonical(shared(1)));
  expect(await canonical(shared(1))).not.toBe(await canonical(shared(2)));
  const [key, other] = await Promise.all(
    [1, 2].map(() => crypto.subtle.generateKey({name: "HMAC", hash: "SHA-256"}, false, ["sign"]))
  );
  expect(await canonical({key})).toBe(await canonical({key}));
  expect(await canonical({key})).not.toBe(await canonical({key: other}));
  expect(await canonical(new File(["a"], "one.csv"))).not.toBe(await canonical(new File(["a"], "two.csv")));
});

it("writes equal values equally and different ones differently", async () => {
  const cycle: {self?: unknown} = {};
  cycle.self = cycle;
  const values: unknown[] = [
    0,
    -0,
    Number.NaN,
    "0",
    0n,
    null,
    undefined,
    true,
    [],
    {},
    [0],
    {a: 1, b: 2},
    {a: 2, b: 1},
    cycle,
    new Date(0),
    /a/g,
    /a/,
    new Map([[1, 2]]),
    new Set([1, 2]),
    new Float32Array([1]),
    new Int32Array([1]),
    new Float32Array(1024),
    new Float32Array(1024).fill(1),
    [[1], 2],
    [1, [2]],
    "a;s",
    ["a", "s"]
  ];
  const texts = await Promise.all(values.map(canonical));
  expect(new Set(texts).size).toBe(values.length);
  expect(await canonical({b: 2, a: 1})).toBe(await canonical({a: 1, b: 2}));
});

const inputs = {params: {}, seed: 0, dataHash: "", versions: {}, diverge: true};
const hash = (fn: () => unknown, scope: Record<string, unknown> = {}) =>
  structureHash({...inputs, fn: capture(fn, {scopeOf: () => scope}).captured});
const evaluate = (code: string, x: unknown = null) => new Function("x", `return ${code}`)(x) as () => unknown;

it("does not change with layout and comments, and does with code, captured values, params and seed", async () => {
  const one = await hash(evaluate("() => { return x + 1; }"), {x: 1});
  expect(await hash(evaluate("() => {\n  // one more\n  return x + 1\n}"), {x: 1})).toBe(one);
  expect(await hash(evaluate("() => { return x + 2; }"), {x: 1})).not.toBe(one);
  expect(await hash(evaluate("() => { return x + 1; }"), {x: 2})).not.toBe(one);
  const fn = capture(evaluate("() => 1"), {}).captured;
  const plain = await structureHash({...inputs, fn});
  expect(await structureHash({...inputs, fn, params: {a: 1}})).not.toBe(plain);
  expect(await structureHash({...inputs, fn, seed: 1})).not.toBe(plain);
  expect(await structureHash({...inputs, fn, versions: {petri: "2"}})).not.toBe(plain);
});

it("does not change with the names of variables, in the function and around it", async () => {
  const one = await hash(evaluate("function* train({ops}) { yield {loss: lr + ops.a}; }"), {lr: 1});
  expect(await hash(evaluate("function* fit({ops: o}) { yield {loss: rate + o.a}; }"), {rate: 1})).toBe(one);
  expect(await hash(evaluate("function* fit({ops: o}) { yield {loss: rate + o.a}; }"), {rate: 2})).not.toBe(
    one
  );
  // Helpers are found in the order in which they are named, not in that of their names.
  const [f, g] = [evaluate("(x) => x + 1"), evaluate("(x) => x + 2")];
  const helpers = (code: string, scope: Record<string, unknown>) => {
    const main = evaluate(code);
    return structureHash({
      ...inputs,
      fn: capture(main, {scopeOf: (fn) => (fn === main ? scope : {})}).captured
    });
  };
  const two = await helpers("() => a(b(1))", {a: f, b: g});
  expect(await helpers("() => z(y(1))", {z: f, y: g})).toBe(two);
  expect(await helpers("() => b(a(1))", {a: g, b: f})).toBe(two);
  expect(await helpers("() => b(a(1))", {a: f, b: g})).not.toBe(two);
});

it("tells backends and live values apart", async () => {
  const [plain, live] = await Promise.all([inputsHash("s", {}), inputsHash("s", {rate: 1})]);
  const backends = ["wasm", "webgpu", null];
  const all = await Promise.all(
    backends.flatMap((name) => [fingerprintOf(plain, name), fingerprintOf(live, name)])
  );
  expect(new Set(all).size).toBe(6);
});

it("sees which of two captured functions sits where", async () => {
  const [f, g] = [evaluate("() => 1"), evaluate("() => 2")];
  const main = evaluate("() => [pair, rest]");
  const scopeOf = (pair: unknown) => (fn: unknown) => (fn === main ? {pair, rest: null} : {});
  const of = (pair: unknown) =>
    structureHash({...inputs, fn: capture(main, {scopeOf: scopeOf(pair)}).captured});
  expect(await of({a: f, b: g})).not.toBe(await of({a: g, b: f}));
  expect(await of({a: f, b: g})).toBe(await of({a: f, b: g}));
});

it("hashes the content of data", async () => {
  expect(await hashData({inputs: new Float32Array(2000)})).toBe(
    await hashData({inputs: new Float32Array(2000)})
  );
  expect(await hashData({inputs: new Float32Array(2000)})).not.toBe(
    await hashData({inputs: new Float32Array(2000).fill(1)})
  );
});
