import type {NotebookSession} from "./session.ts";

/** A name that fits at the caret. */
export interface NameSuggestion {
  label: string;
  type: "variable" | "namespace" | "property";
  /** Where it comes from. */
  detail?: string;
}

export interface NameRequest {
  cellId: number;
  /** The objects before the caret: `[]` asks for names in scope, `["d3"]` for the members of d3. */
  path: readonly string[];
  prefix: string;
  /** Objects that only code elsewhere knows by name, such as the `ops` of a training function. */
  elsewhere?: Readonly<Record<string, () => Promise<object>>>;
}

/** The notebook's names, the builtins', and members of values that are there already. Nothing is computed for it. */
export async function completeNames(
  session: NotebookSession,
  request: NameRequest
): Promise<NameSuggestion[]> {
  const {cellId, path, prefix, elsewhere = {}} = request;
  const fits = ({label}: NameSuggestion) => label.startsWith(prefix);
  const [root, ...rest] = path;
  if (root === undefined) return namesInScope(session, cellId).filter(fits);
  let value: unknown = await (elsewhere[root]?.() ?? valueAtHand(session, root));
  for (const name of rest) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return membersOf(value).filter(fits);
}

function namesInScope(session: NotebookSession, cellId: number): NameSuggestion[] {
  const defined = session.cells().flatMap(({id, defines}): NameSuggestion[] => {
    if (id === cellId) return [];
    return defines.map((label) => ({label, type: "variable", detail: `cell ${id}`}));
  });
  const builtins = session.builtins
    .filter((name) => !name.startsWith("__"))
    .map((label): NameSuggestion => ({label, type: "namespace", detail: "builtin"}));
  return [...defined, ...builtins];
}

/** A builtin, or the value of a cell that is done; a value that is still to come is not waited for. */
async function valueAtHand(session: NotebookSession, name: string): Promise<unknown> {
  const isToCome = session
    .cells()
    .some(({defines, state}) => defines.includes(name) && state !== "done" && state !== "cached");
  return isToCome ? undefined : session.value(name).catch(() => undefined);
}

function membersOf(value: unknown): NameSuggestion[] {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return [];
  const names = new Set<string>();
  let level: object | null = value;
  while (level && level !== Object.prototype && level !== Function.prototype) {
    for (const name of Object.getOwnPropertyNames(level)) if (/^[a-z$]/i.test(name)) names.add(name);
    level = Object.getPrototypeOf(level);
  }
  return [...names].map((label) => ({label, type: "property"}));
}
