// The shader of a kernel, rewritten so that one dispatch does the work of several runs.
import {declarations, type Shader} from "../shader.ts";

/** Arrays that lie within the memory of another one, by name: WebGPU binds what is written only once. */
export type Hosts = ReadonlyMap<string, string>;

/**
 * A shader for `runs` runs whose tensors lie one after the other: every array is read and written `stride` elements further
 * on for every run, `args` is the run's own, and the runs follow each other in the z dimension of the grid. Undefined where
 * the code does something with an array, `args` or its place in the grid that is not known here. The run goes from function
 * to function as an argument, because a private variable would not count as uniform and barriers would not compile.
 */
export function packedWgsl(
  {bindings, fields, code}: Shader,
  runs: number,
  hosts: Hosts = new Map()
): string | undefined {
  const names = bindings.map(({name}) => name);
  // Those in another's memory come last: what they become is not rewritten again.
  const arrays = [...names.filter((name) => !hosts.has(name)), ...hosts.keys()];
  const text = code().replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "");
  const functions = functionsIn(text);
  const called = functions.map(({name}) => name).filter((name) => name !== "main");
  let packed = "";
  let end = 0;
  for (const each of functions) {
    const rewritten = rewrite(each, {arrays, hosts, called});
    if (rewritten === undefined) return undefined;
    packed += text.slice(end, each.start) + rewritten;
    end = each.end;
  }
  const [first, ...others] = fields.map(({name, type}) => `${name}: ${type},`);
  return [
    `struct Args {\n  @align(16) ${first}`,
    ...others.map((field) => `  ${field}`),
    "}",
    "struct Runs {\n  depth: u32,",
    ...names.map((name) => `  base_${name}: u32,\n  stride_${name}: u32,`),
    `  @align(16) args: array<Args, ${runs}>,`,
    "}",
    ...declarations(bindings).filter((_, i) => !hosts.has(names[i] as string)),
    `@group(0) @binding(${names.length}) var<uniform> petri_runs: Runs;`,
    packed + text.slice(end)
  ].join("\n");
}

/** Bytes in front of the runs' `args`: how deep the grid of one run is, and where each array begins and goes on. */
export function packedHeadBytes({bindings}: Shader): number {
  return Math.ceil((1 + 2 * bindings.length) / 4) * 16;
}

const shiftOf = (name: string) => `petri_shift_${name}`;
/** The name as a word of its own that is no field of something. */
const word = (name: string, after = "\\b") => new RegExp(`(?<![.\\w])${name}${after}`, "g");

interface WgslFunction {
  name: string;
  start: number;
  end: number;
  parameters: string;
  /** From the closing parenthesis to the opening brace. */
  result: string;
  body: string;
}

function functionsIn(text: string): WgslFunction[] {
  return [...text.matchAll(/\bfn\s+(\w+)\s*\(/g)].map((match) => {
    const open = match.index + match[0].length - 1;
    const close = matching(text, open);
    const brace = text.indexOf("{", close);
    const end = matching(text, brace) + 1;
    return {
      name: match[1] as string,
      start: match.index,
      end,
      parameters: text.slice(open + 1, close),
      result: text.slice(close + 1, brace),
      body: text.slice(brace + 1, end - 1)
    };
  });
}

/** Where the bracket at `open` is closed. */
function matching(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; ++i) {
    if ("([{".includes(text[i] as string)) ++depth;
    else if (")]}".includes(text[i] as string) && --depth === 0) return i;
  }
  return text.length;
}

function rewrite(
  {name, parameters, result, body}: WgslFunction,
  {arrays, hosts, called}: {arrays: readonly string[]; hosts: Hosts; called: readonly string[]}
): string | undefined {
  // A parameter hides the array of the same name.
  const seen = arrays.filter((array) => !new RegExp(`\\b${array}\\s*:`).test(parameters));
  let inner: string | undefined = body.replace(word("args", "\\s*\\."), "petri_args.");
  const usesArgs = inner !== body;
  if (word("args").test(inner)) return undefined;
  // Read once: where each read finds its run anew, an adapter that computes on the CPU does little else.
  const shifts = usesArgs ? ["let petri_args = petri_runs.args[petri_run];"] : [];
  for (const array of seen) {
    const isOwn = new RegExp(`\\b(let|var|const)\\s+${array}\\b`).test(body);
    const isUsed = word(array, "\\s*\\[").test(body);
    if (!isUsed && (isOwn || !word(array).test(body))) continue;
    inner = isOwn ? undefined : shifted(inner, array, hosts.get(array) ?? array);
    if (inner === undefined) return undefined;
    shifts.push(`let ${shiftOf(array)} = petri_runs.base_${array} + petri_run * petri_runs.stride_${array};`);
  }
  for (const other of called) inner = inner.replace(word(other, "\\s*\\("), `${other}(petri_run, `);
  if (name !== "main")
    return `fn ${name}(petri_run: u32, ${parameters})${result}{\n${shifts.join("\n")}${inner}}`;
  const grid = gridOf(parameters);
  return grid && `fn main(${grid.parameters})${result}{\n${[...grid.lines, ...shifts].join("\n")}${inner}}`;
}

/** Indices into an array, moved to the run's part of it; undefined where it is used in another way. */
function shifted(body: string, array: string, host: string): string | undefined {
  const found = word(array, "\\s*\\[").exec(body);
  if (!found) return word(array).test(body) ? undefined : body;
  if (word(array).test(body.slice(0, found.index))) return undefined;
  const open = found.index + found[0].length - 1;
  const close = matching(body, open);
  const [index, rest] = [
    shifted(body.slice(open + 1, close), array, host),
    shifted(body.slice(close + 1), array, host)
  ];
  if (index === undefined || rest === undefined) return undefined;
  return `${body.slice(0, found.index)}${host}[${shiftOf(array)} + u32(${index})]${rest}`;
}

/** What `main` knows of its place in the grid, as if its run were alone. */
const PLACES: Readonly<Record<string, ((name: string) => string) | undefined>> = {
  workgroup_id: (name) => `vec3u(${name}.xy, ${name}.z % petri_runs.depth)`,
  num_workgroups: (name) => `vec3u(${name}.xy, petri_runs.depth)`,
  local_invocation_index: (name) => name,
  local_invocation_id: (name) => name
};

function gridOf(parameters: string): {parameters: string; lines: string[]} | undefined {
  const known = [...parameters.matchAll(/@builtin\((\w+)\)\s*(\w+)\s*:\s*([\w<>]+)\s*(?:,|$)/g)];
  if (
    known
      .map(([all]) => all)
      .join("")
      .replace(/\s/g, "") !== parameters.replace(/\s/g, "")
  )
    return undefined;
  const lines: string[] = [];
  let group: string | undefined;
  for (const [, builtin = "", name = ""] of known) {
    const place = PLACES[builtin];
    if (!place) return undefined;
    lines.push(`let ${name} = ${place(`petri_${name}`)};`);
    if (builtin === "workgroup_id") group = `petri_${name}`;
  }
  const given = known.map(([, builtin, name, type]) => `@builtin(${builtin}) petri_${name}: ${type}`);
  if (!group) given.push("@builtin(workgroup_id) petri_group: vec3u");
  const run = `let petri_run = ${group ?? "petri_group"}.z / petri_runs.depth;`;
  return {parameters: given.join(", "), lines: [run, ...lines]};
}
