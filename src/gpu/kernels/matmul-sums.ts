// WGSL that sums the products of two operands, for a block of outputs a thread: from registers, or by way of workgroup memory.
import {block, type Fragment, fragment, lineStarts, type Operand} from "./matmul-operand.ts";
import type {Tile} from "./matmul-tiles.ts";

/** Inner indices that a workgroup stages at a time. */
const STAGED = 16;
export const LANES = [0, 1, 2, 3] as const;
export const lines = (...each: (string | string[])[]) => each.flat().join("\n");
export const range = (count: number) => Array.from({length: count}, (_, i) => i);

/** What the sums of a kernel are made of. */
export interface Sums {
  tile: Tile;
  a: Operand;
  b: Operand;
  /** Inner indices that a thread takes at a time: four where an operand has them in a row. */
  steps: 1 | 4;
  /** The sums of b over the inner index are wanted too. */
  hasColumnSums: boolean;
  /** WGSL of the first inner index and of the first that is not there; all of `args.inner` without. */
  inner?: {from: string; to: string};
}

const sumName = (q: number, i: number, r: number) => `sum${q}_${i}_${r}`;

/** A thread's sums, row after row, then those of b's columns. */
export function sumNames({tile, hasColumnSums}: Sums): string[] {
  const across = range(tile.quadsAcross);
  const sums = range(tile.quadsDown).flatMap((q) =>
    LANES.flatMap((i) => across.map((r) => sumName(q, i, r)))
  );
  return [...sums, ...(hasColumnSums ? across.map((r) => `total${r}`) : [])];
}

/** Statements that make variables named `sumNames`, with all products added up. */
export const addedUp = (sums: Sums): string[] => [
  ...sumNames(sums).map((sum) => `var ${sum} = vec4f(0.0);`),
  ...(sums.tile.kind === "staged" ? staged(sums) : registers(sums))
];

/** A statement for every sum of products of a thread: four outputs of a row from a column on. */
export const eachSum = ({tile}: Sums, write: (row: string, left: string, sum: string) => string): string[] =>
  range(tile.quadsDown).flatMap((q) =>
    LANES.flatMap((i) =>
      range(tile.quadsAcross).map((r) => write(`top${q} + ${i}u`, `left${r}`, sumName(q, i, r)))
    )
  );

/** Statements for the sums of b's columns, where they are wanted: one thread of each column has them. */
export function eachTotal(
  {tile, hasColumnSums}: Sums,
  write: (left: string, sum: string) => string
): string[] {
  if (!hasColumnSums) return [];
  return ["if (isFirst) {", ...range(tile.quadsAcross).map((r) => write(`left${r}`, `total${r}`)), "}"];
}

/** WGSL that writes four numbers into an array from `at` on, `left` being the column of the first. */
export const writtenFour = (array: string, at: string, value: string, isVector: boolean): string =>
  isVector
    ? `if (left < args.columns) { ${array}[(${at}) / 4u] = ${value}; }`
    : lines(
        LANES.map((j) => `if (left + ${j}u < args.columns) { ${array}[${at} + ${j}u] = ${value}[${j}]; }`)
      );

/** Where the quads of a thread's outputs begin: they lie a whole row of threads apart, so that neighbours read neighbours. */
export const corners = ({tile}: Sums): string[] => [
  ...range(tile.quadsDown).map((q) => `let top${q} = tileTop + 4u * (down + ${q * tile.down}u);`),
  ...range(tile.quadsAcross).map((r) => `let left${r} = tileLeft + 4u * (across + ${r * tile.across}u);`)
];

/** Adds the products at some inner indices to the sums. */
function multiply({tile, hasColumnSums}: Sums, as: Fragment[], bs: Fragment[], steps: number): string[] {
  const inOrder = range(steps);
  const products = inOrder.flatMap((step) =>
    bs.flatMap((b, r) => [
      `let v${r}_${step} = ${b.across(step)};`,
      ...as.flatMap((a, q) =>
        LANES.map((i) => {
          const sum = sumName(q, i, r);
          return `${sum} = fma(vec4f(${a.element(i, step)}), v${r}_${step}, ${sum});`;
        })
      )
    ])
  );
  if (!hasColumnSums) return products;
  const totals = range(tile.quadsAcross).map(
    (r) => `total${r} += ${inOrder.map((step) => `v${r}_${step}`).join(" + ")};`
  );
  return [...products, "if (isFirst) {", ...totals, "}"];
}

/** Every thread reads for itself; `part` of `splits` takes every so many inner indices. */
function registers(sums: Sums): string[] {
  const {a, b, steps, tile, inner} = sums;
  const first = inner ? `${inner.from} + ${steps}u * part` : `${steps}u * part`;
  const as = range(tile.quadsDown).map((q) => fragment(a, q, `top${q}`, steps));
  const bs = range(tile.quadsAcross).map((r) => fragment(b, r, `left${r}`, steps));
  return [
    ...[...as, ...bs].flatMap(({before}) => before),
    `for (var k = ${first}; k < ${inner?.to ?? "args.inner"}; k += ${steps * tile.splits}u) {`,
    a.isThere ? `if (!(${a.isThere("k")})) { continue; }` : "",
    steps === 4 ? "let quad = k / 4u;" : "",
    ...[a, b].flatMap((operand) => lineStarts(operand, steps)),
    ...[...as, ...bs].flatMap(({load}) => load),
    ...multiply(sums, as, bs, steps),
    "}"
  ];
}

/** Both operands come in blocks of 4x4, of which every thread brings some, turned so that outer indices lie side by side. */
function staged(sums: Sums): string[] {
  const {a, b, tile, inner = {from: "0u", to: "args.inner"}} = sums;
  const [quadsA, quadsB] = [tile.quadsDown * tile.down, tile.quadsAcross * tile.across];
  const blocks = STAGED / 4;
  const bring = (operand: Operand, quads: number, first: string, at: string) => [
    operand.along === "outer"
      ? `let quad = ${at} % ${quads}u; let k = first + ${at} / ${quads}u * 4u;`
      : `let quad = ${at} / ${blocks}u; let k = first + ${at} % ${blocks}u * 4u;`,
    ...block(operand, `(${first} + 4u * quad)`, inner.to),
    ...LANES.map((step) => `${operand.name}Stage[(k - first + ${step}u) * ${quads}u + quad] = m${step};`)
  ];
  const fromStage = (name: string, quads: number, tag: number, at: string): Fragment => ({
    before: [],
    load: [`let ${name}${tag} = ${name}Stage[kk * ${quads}u + ${at}];`],
    across: () => `${name}${tag}`,
    element: (lane) => `${name}${tag}[${lane}]`
  });
  const as = range(tile.quadsDown).map((q) => fromStage("a", quadsA, q, `down + ${q * tile.down}u`));
  const bs = range(tile.quadsAcross).map((r) => fromStage("b", quadsB, r, `across + ${r * tile.across}u`));
  return [
    `for (var first = ${inner.from}; first < ${inner.to}; first += ${STAGED}u) {`,
    `for (var at = thread; at < ${(quadsA + quadsB) * blocks}u; at += ${tile.down * tile.across}u) {`,
    `if (at < ${quadsA * blocks}u) {`,
    ...bring(a, quadsA, "tileTop", "at"),
    `} else {\nlet rest = at - ${quadsA * blocks}u;`,
    ...bring(b, quadsB, "tileLeft", "rest"),
    "}\n}",
    "workgroupBarrier();",
    `for (var kk = 0u; kk < ${STAGED}u; kk++) {`,
    ...[...as, ...bs].flatMap(({load}) => load),
    ...multiply(sums, as, bs, 1),
    "}",
    "workgroupBarrier();",
    "}"
  ];
}

export function workgroupMemory(sums: Sums): string[] {
  const {tile} = sums;
  const {kind, quadsDown, quadsAcross, down, across, splits} = tile;
  const memory = (name: string, size: number) => `var<workgroup> ${name}: array<vec4f, ${size}>;`;
  if (kind === "staged") {
    return [memory("aStage", quadsDown * down * STAGED), memory("bStage", quadsAcross * across * STAGED)];
  }
  return kind === "split" ? [memory("parts", sumNames(sums).length * down * across * splits)] : [];
}
