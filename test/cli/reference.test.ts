import {mkdir, readFile, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {expect, test} from "vitest";
import {parseDocstring} from "../../src/cli/reference/docstring.ts";
import {ExampleError, PageExamples} from "../../src/cli/reference/examples.ts";
import {makeReference} from "../../src/cli/reference/reference.ts";
import {staleReference, writeReference} from "../../src/cli/reference-files.ts";
import {temporaryFolder} from "../publish/support/temporary-folder.ts";

const index = `// petri/core: what every package stands on.
export * from "./layers/dense.ts";
export {clamp as limit} from "./numbers.ts";
export * as random from "./random.ts";
`;

const dense = `import {type Base, check} from "../numbers.ts";

export interface DenseOptions extends Base {
  /** Number of outputs | units. */
  units: number;
  /** Named otherwise inside. */
  useBias?: boolean;
}

/** Not for anybody. */
export type Hidden = string;

/**
 * A layer of *units*: \`x * w\`, [in, ...] -> [out].
 *
 * @throws ShapeError when the input is too wide
 * @example
 * import {dense} from "petri/core";
 *
 * display(dense({units: 2}));
 */
export function dense({units, useBias: biased = true, ...rest}: DenseOptions): Hidden {
  const {rate = 0.5} = rest;
  check(units);
  if (biased) throw new ShapeError("no");
  return String(rate);
}
`;

const numbers = `/** Kept apart. */
export interface Base {
  /** How fast. */
  rate?: number;
}

/** Throws unless it is positive. */
export function check(value: number): void {
  if (value < 0) throw new RangeError("positive");
}

export const clamp = (value: number): number => Math.min(1, value);
export const secret = 1;
`;

const random = `// Random numbers. More of them follow.
/** Uniform, as \`\${low}\`. */
export const uniform = (): number => 4;
`;

const files = {"core/index.ts": index, "core/layers/dense.ts": dense, "core/numbers.ts": numbers};

async function project(more: Record<string, string> = {}): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, text] of Object.entries({...files, "core/random.ts": random, ...more})) {
    const file = join(folder, "src/ops", path);
    await mkdir(dirname(file), {recursive: true});
    await writeFile(file, text);
  }
  return folder;
}

const pagesOf = async (more = {}) => makeReference(join(await project(more), "src/ops"));

test("a page tells signature, prose, options with defaults, errors and the example of each export", async () => {
  const {pages} = await pagesOf();
  const page = pages.get("core/dense.html") ?? "";
  expect(page).toContain("<title>dense · petri/core</title>");
  expect(page).toContain("function dense({units, useBias: biased = true, ...rest}: DenseOptions): Hidden\n");
  expect(page).toContain("A layer of \\*units\\*: `x * w`, \\[in, \\.\\.\\.\\] -\\> \\[out\\].");
  expect(page).toContain("| `rate?: number` | `0.5` | How fast. |");
  expect(page).toContain("| `units: number` | required | Number of outputs \\| units. |");
  expect(page).toContain("| `useBias?: boolean` | `true` | Named otherwise inside. |");
  expect(page).toContain("**Throws** `ShapeError` when the input is too wide. `RangeError`.");
  expect(page).toContain('type="module" pinned>\n    import {dense} from "petri/core";\n    \n    display(');
  expect(page).not.toContain("## DenseOptions");
  expect(page).toContain("## Hidden");
});

test("names are those that a cell uses, and what the index does not export is left out", async () => {
  const {pages} = await pagesOf();
  expect([...pages.keys()].sort()).toEqual([
    "core/dense.html",
    "core/numbers.html",
    "core/random.html",
    "index.html"
  ]);
  expect(pages.get("core/random.html")).toContain("## random.uniform");
  const numbersPage = pages.get("core/numbers.html");
  expect(numbersPage).toContain("## limit");
  expect(numbersPage).not.toContain("secret");
});

test("options that are taken over with exceptions are listed, or linked to where they are told", async () => {
  const wide = `import type {DenseOptions} from "./layers/dense.ts";
interface OwnOptions {
  /** Inside only. */
  depth?: number;
  twice?: number;
  from?: number;
  width?: number;
}
export interface WideOptions extends Omit<OwnOptions, "width">, Omit<DenseOptions, "units"> {}
/** Wide. */
export function wide({depth = 3, twice = 2 * depth, ...rest}: WideOptions) {
  const now = Date.now();
  const {from = now} = rest;
}
`;
  const {pages} = await pagesOf({
    "core/wide.ts": wide,
    "core/index.ts": `${index}export * from "./wide.ts";\n`
  });
  const page = pages.get("core/wide.html") ?? "";
  expect(page).toContain("| `depth?: number` | `3` | Inside only. |");
  expect(page).toContain("| `twice?: number` | `2 * depth` |");
  expect(page).toContain("| `from?: number` |  |");
  expect(page).not.toContain("width?: number");
  expect(page).toContain("And the options of [DenseOptions](../core/dense) except `units`.");
});

test("what looks like a computed value in a docstring stays text", async () => {
  const {pages} = await pagesOf();
  expect(pages.get("core/random.html")).toContain('Uniform, as `${"${"}low}`.');
});

test("the index lists packages and modules with their first sentence and their names", async () => {
  const {pages} = await pagesOf();
  const text = pages.get("index.html") ?? "";
  expect(text).toContain("## petri/core\n    \n    What every package stands on.");
  expect(text).toContain("### Layers");
  expect(text).toContain("| [random](./core/random) | Random numbers.<br><small>`random.uniform`</small> |");
});

test("modules of functions need an example, modules of types do not", async () => {
  const {withoutExample} = await pagesOf({
    "core/types.ts": "export type One = 1;\n",
    "core/index.ts": `${index}export * from "./types.ts";\n`
  });
  expect(withoutExample).toEqual(["src/ops/core/numbers.ts", "src/ops/core/random.ts"]);
});

test("pages are written, those of modules that are gone removed, and stale ones named", async () => {
  const folder = await project();
  const old = join(folder, "notebooks/reference/core/old.html");
  await mkdir(dirname(old), {recursive: true});
  await writeFile(old, "");
  expect(await writeReference(folder)).toBe(4);
  await expect(readFile(old)).rejects.toThrow("ENOENT");
  const problems = (await staleReference(folder)).filter((line) => line.includes("npm run docs"));
  expect(problems).toEqual([]);
  await writeFile(join(folder, "notebooks/reference/index.html"), "another text");
  expect(await staleReference(folder)).toContain(
    "notebooks/reference/index.html is not what the docstrings say: npm run docs"
  );
});

test("a docstring's tags begin a line or follow its text", () => {
  expect(parseDocstring("/** Reads. @throws DatasetError for {@link Foo} */")).toEqual({
    text: "Reads.",
    throws: ["DatasetError for `Foo`"],
    examples: []
  });
  expect(
    parseDocstring("/**\n * One.\n *\n * @example\n * ```js\n * f(\n *   1\n * );\n * ```\n */").examples
  ).toEqual(["f(\n  1\n);"]);
});

test("examples of one page share its names", () => {
  const page = new PageExamples("core/dense");
  expect(page.cell('import {a, b} from "petri/core";\n\nconst x = a(b);')).toBe(
    'import {a, b} from "petri/core";\n\nconst x = a(b);'
  );
  expect(page.cell('import {b, c} from "petri/core";\n\n// Once more.\nc(x);')).toBe(
    'import {c} from "petri/core";\n\n// Once more.\nc(x);'
  );
  expect(page.cell('import {b} from "petri/core";\n\nb(x);')).toBe("b(x);");
  expect(() => page.cell("const x = 2;")).toThrow(ExampleError);
  expect(() => page.cell("display(")).toThrow("core/dense");
});
