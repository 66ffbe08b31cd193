import type {GraphEdge} from "./types.ts";

/** What the graph knows of a cell. */
export interface GraphNode {
  id: number;
  /** Variables the cell defines, tables among them. */
  defines: readonly string[];
  /** Variables the cell reads. */
  reads: readonly string[];
}

/** The dataflow between cells. */
export class Graph {
  readonly edges: GraphEdge[] = [];
  readonly #definers = new Map<string, number[]>();
  readonly #from = new Map<number, Set<number>>();
  readonly #to = new Map<number, Set<number>>();

  constructor(nodes: Iterable<GraphNode>) {
    const all = [...nodes];
    for (const {id, defines} of all) for (const name of defines) push(this.#definers, name, id);
    for (const {id, reads} of all) {
      for (const name of new Set(reads)) {
        if (isInternal(name)) continue;
        const definers = this.#definers.get(name) ?? [null];
        for (const from of definers) this.#connect(from, id, name);
      }
    }
  }

  /** Ids of the cells that define a name. */
  definers(name: string): readonly number[] {
    return this.#definers.get(name) ?? [];
  }

  /** Names that more than one cell defines. */
  get duplicates(): string[] {
    return [...this.#definers].filter(([, ids]) => ids.length > 1).map(([name]) => name);
  }

  /** Cells that read what this one defines. */
  dependants(id: number): ReadonlySet<number> {
    return this.#to.get(id) ?? new Set();
  }

  /** Cells that define what this one reads. */
  dependencies(id: number): ReadonlySet<number> {
    return this.#from.get(id) ?? new Set();
  }

  /** All cells that a change of these reaches, without themselves unless they are in a cycle. */
  descendants(ids: Iterable<number>): Set<number> {
    return closure(ids, (id) => this.dependants(id));
  }

  /** All cells that these need, without themselves unless they are in a cycle. */
  ancestors(ids: Iterable<number>): Set<number> {
    return closure(ids, (id) => this.dependencies(id));
  }

  /** The shortest way from a cell back to itself, as ids in the order of the dataflow; null when there is none. */
  cycle(id: number): number[] | null {
    const parents = new Map<number, number>();
    const queue = [id];
    for (const at of queue) {
      for (const next of this.dependants(at)) {
        if (next === id) return pathTo(at, id, parents);
        if (parents.has(next)) continue;
        parents.set(next, at);
        queue.push(next);
      }
    }
    return null;
  }

  #connect(from: number | null, to: number, name: string): void {
    this.edges.push({from, to, name: publicName(name)});
    if (from === null) return;
    add(this.#from, to, from);
    add(this.#to, from, to);
  }
}

/** A builtin that compiled code uses and no person wrote. */
export function isInternal(variable: string): boolean {
  return variable.startsWith("__");
}

/** A variable as people know it: a table's is told apart by the cell that makes it. */
export function publicName(variable: string): string {
  return variable.replace(/@\d+$/, "");
}

function pathTo(end: number, start: number, parents: ReadonlyMap<number, number>): number[] {
  const path = [end];
  for (let at = end; at !== start; path.unshift(at)) at = parents.get(at) ?? start;
  return path;
}

function closure(ids: Iterable<number>, next: (id: number) => Iterable<number>): Set<number> {
  const found = new Set<number>();
  const queue = [...ids];
  for (const id of queue) {
    for (const other of next(id)) {
      if (found.has(other)) continue;
      found.add(other);
      queue.push(other);
    }
  }
  return found;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function add<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}
