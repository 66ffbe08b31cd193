import {ArgumentError, checkCount, checkOptions} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkWord} from "../options.ts";

/** murmur3's last mixing of 32 bits (Appleby 2008): every bit of the id changes about half of the bits. */
export function fmix32(id: number): number {
  let bits = id >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** How a table from ids of tokens to experts is made. */
export type HashTableOptions =
  | {kind: "modulo" | "murmur3"; vocabulary: number}
  | {kind: "random"; vocabulary: number; key: Key}
  | {kind: "balanced"; counts: ArrayLike<number>}
  | {kind: "clustered" | "dispersed"; embeddings: ArrayLike<ArrayLike<number>>; key: Key; rounds?: number};

/**
 * The expert of every id of a vocabulary (Roller et al. 2021): "modulo" id mod experts, "murmur3" of mixed bits, "random" each with equal
 * chance, "balanced" the commonest ids one after the other to the expert of least tokens (`counts`: how often each comes), "clustered" ids of
 * similar embeddings together (k-means, clusters of equal size), "dispersed" those apart. Plain data.
 *
 * @example
 * import {hashTable} from "petri/moe";
 *
 * display(hashTable(3, {kind: "balanced", counts: [100, 40, 35, 30, 20, 10]}));
 */
export function hashTable(experts: number, options: HashTableOptions): Int32Array {
  checkCount("experts", experts);
  checkTableOptions(options);
  switch (options.kind) {
    case "modulo":
      return tableOf(options.vocabulary, (id) => id % experts);
    case "murmur3":
      return tableOf(options.vocabulary, (id) => fmix32(id) % experts);
    case "random": {
      const draws = options.key.uniform(options.vocabulary);
      return tableOf(options.vocabulary, (id) => Math.floor((draws[id] as number) * experts));
    }
    case "balanced":
      return balanced(experts, Array.from(options.counts));
    case "clustered":
      return clustered(experts, options);
    case "dispersed":
      return dispersed(experts, options);
  }
}

/** What each kind of table is made of, and what it may be told besides. */
const MADE_OF = {
  modulo: {vocabulary: true},
  murmur3: {vocabulary: true},
  random: {vocabulary: true, key: true},
  balanced: {counts: true},
  clustered: {embeddings: true, key: true},
  dispersed: {embeddings: true, key: true}
} as const;

function checkTableOptions(options: HashTableOptions): void {
  const kind = options?.kind;
  checkWord("hashTable: kind", kind, Object.keys(MADE_OF));
  const needed = MADE_OF[kind];
  checkOptions(`hashTable of kind "${kind}"`, options, {
    kind: true,
    ...needed,
    ...("embeddings" in needed && {rounds: true})
  });
  const missing = Object.keys(needed).find((name) => options[name as keyof HashTableOptions] === undefined);
  if (missing)
    throw new ArgumentError(
      `hashTable of kind "${kind}" needs ${Object.keys(needed).join(" and ")}: ${missing} is missing.`
    );
}

function tableOf(vocabulary: number, expertOf: (id: number) => number): Int32Array {
  checkCount("vocabulary", vocabulary);
  return Int32Array.from({length: vocabulary}, (_, id) => expertOf(id));
}

/** Commonest first, each to the expert with the fewest tokens so far; the earlier id and the lower expert win ties. */
function balanced(experts: number, counts: readonly number[]): Int32Array {
  const wrong = counts.findIndex((count) => !(count >= 0 && count < Infinity));
  if (wrong >= 0)
    throw new ArgumentError(
      `hashTable: counts must be how often each id comes, numbers of at least 0; that of id ${wrong} is ${counts[wrong]}.`
    );
  const table = new Int32Array(counts.length);
  const loads = new Float64Array(experts);
  const order = counts
    .map((_, id) => id)
    .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  for (const id of order) {
    const least = loads.indexOf(Math.min(...loads));
    table[id] = least;
    loads[least] = (loads[least] as number) + (counts[id] as number);
  }
  return table;
}

type Clustering = Extract<HashTableOptions, {kind: "clustered" | "dispersed"}>;

/** k-means (Lloyd 1982) from `experts` different ids, in which a cluster takes no more than its share of ids. */
function clustered(experts: number, {embeddings, key, rounds = 20}: Clustering): Int32Array {
  const points = Array.from(embeddings, (row) => Array.from(row));
  if (points.length < experts)
    throw new ArgumentError(
      `hashTable: ${points.length} ids cannot make ${experts} clusters. Pass fewer experts.`
    );
  let centres = Array.from(key.permutation(points.length).slice(0, experts), (id) => points[id] as number[]);
  let table = new Int32Array(points.length);
  for (let round = 0; round < rounds; ++round) {
    const next = evenClusters(points, centres);
    if (round > 0 && next.every((expert, id) => expert === table[id])) break;
    table = next;
    centres = centres.map((centre, e) => mean(points.filter((_, id) => table[id] === e)) ?? centre);
  }
  return table;
}

/** Each point to its nearest centre that has room; the nearest pairs first. */
function evenClusters(points: readonly number[][], centres: readonly number[][]): Int32Array<ArrayBuffer> {
  const room = Array.from(centres, () => Math.ceil(points.length / centres.length));
  const table = new Int32Array(points.length).fill(-1);
  const pairs = points.flatMap((point, id) =>
    centres.map((centre, expert) => ({id, expert, distance: distance(point, centre)}))
  );
  pairs.sort((a, b) => a.distance - b.distance || a.id - b.id || a.expert - b.expert);
  for (const {id, expert} of pairs) {
    if ((table[id] as number) >= 0 || room[expert] === 0) continue;
    table[id] = expert;
    room[expert] = (room[expert] as number) - 1;
  }
  return table;
}

/** The ids of each cluster dealt out to the experts one after the other. */
function dispersed(experts: number, options: Clustering): Int32Array {
  const clusters = clustered(experts, options);
  const table = new Int32Array(clusters.length);
  let next = 0;
  for (let cluster = 0; cluster < experts; ++cluster)
    clusters.forEach((own, id) => {
      if (own === cluster) table[id] = next++ % experts;
    });
  return table;
}

const distance = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0);

function mean(points: readonly number[][]): number[] | undefined {
  const [first] = points;
  return first?.map((_, i) => points.reduce((sum, point) => sum + (point[i] as number), 0) / points.length);
}
