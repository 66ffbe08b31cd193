import {isGenerator} from "./generators.ts";
import {isInternal, publicName} from "./graph.ts";
import {smallJson} from "./small-json.ts";
import type {Outcome, Trace} from "./trace.ts";
import type {Cell} from "./types.ts";

/** What a value is, for people: its kind in a word, and how many rows it has where it is a table. */
export interface ValueFacts {
  kind: string;
  rows?: number;
  /** Under which it is found elsewhere, e.g. the id of a run. */
  ref?: string;
}

/** `sha256`: of the value as JSON, where it is small. */
export type ResultFacts = ValueFacts & {sha256: string | null};

/** A name that an evaluation read. */
export interface ReadName {
  name: string;
  /** The evaluation that the value came from; null for builtins and the page's tables. */
  execId: string | null;
  /** The value as JSON where it is small. */
  json: string | null;
  /** SHA-256 (hex) of that. */
  sha256: string | null;
}

/** One evaluation of a cell, as it is written down. */
export interface EvaluatedCell {
  execId: string;
  /** The cell as it was when it ran. */
  source: Cell;
  /** Its place in the notebook, from 0; -1 for a cell that was deleted since. */
  position: number;
  /** SHA-256 (hex): equal for equal code on equal inputs, as far as that can be told. What code reads besides its inputs (the time, chance, a file) is not in it. */
  cacheKey: string;
  outcome: Outcome;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | null;
  error: string | null;
  /** Whether something that is kept refers to it, such as a run. */
  kept: boolean;
  /** What the value is; null before there is one. */
  result: ResultFacts | null;
  /** Null when it was told before. */
  reads: readonly ReadName[] | null;
}

interface Tools {
  digest(text: string): Promise<string>;
  describe?(value: unknown): ValueFacts | null;
}

/** Hashes and describes what is remembered of an evaluation, and lets the values go. */
export async function describeTrace(
  trace: Trace,
  tools: Tools,
  places: ReadonlyMap<number, number>
): Promise<EvaluatedCell> {
  const {execId, source, startedAt, endedAt, outcome, error, kept} = trace;
  // All of these look at the values at once, before anything is awaited.
  const reads = trace.told ? null : readNames(trace, tools);
  const cacheKey = keyOf(trace, tools);
  if (outcome === "done" || outcome === "cached") trace.facts ??= describeResult(trace, tools);
  const result = trace.facts;
  trace.told = true;
  trace.inputs = [];
  trace.upstream = [];
  if (endedAt !== null) trace.result = undefined;
  return {
    execId,
    source,
    position: places.get(source.id) ?? -1,
    cacheKey: await cacheKey,
    outcome,
    startedAt,
    endedAt,
    error,
    kept,
    result: await result,
    reads: await reads
  };
}

function readNames({plan, inputs, upstream}: Trace, {digest, describe}: Tools): Promise<ReadName[]> {
  const names = plan.inputs.flatMap((variable, i) => {
    if (isInternal(variable)) return [];
    const json = isTable(variable) ? null : smallJson(inputs[i]);
    const ref = json === null ? describe?.(inputs[i])?.ref : undefined;
    return {
      name: publicName(variable),
      execId: upstream[i]?.execId ?? null,
      json: ref === undefined ? json : JSON.stringify({$ref: ref})
    };
  });
  return Promise.all(names.map(async (read) => ({...read, sha256: read.json && (await digest(read.json))})));
}

/**
 * Hash over the normalised code and, for each name it reads, the value where that is small, else the key of the
 * evaluation that it came from. What cannot be told apart by either (one of many values of a generator, a table that
 * training writes) makes the key one of its own.
 */
function keyOf(trace: Trace, tools: Tools): Promise<string> {
  trace.key ??= hashParts(trace, tools);
  return trace.key;
}

function hashParts(trace: Trace, tools: Tools): Promise<string> {
  const {plan, inputs, upstream, execId} = trace;
  const parts = plan.inputs.map((variable, i): string | Promise<string> => {
    const from = upstream[i];
    const json = isTable(variable) ? null : smallJson(inputs[i]);
    if (json !== null) return json;
    if (from?.streams || (!from && isTable(variable))) return execId;
    return from ? keyOf(from, tools) : "";
  });
  return Promise.all(parts).then((known) => tools.digest(JSON.stringify([plan.key, known])));
}

const isTable = (variable: string) => variable.startsWith("table:");

async function describeResult({result, streams}: Trace, {digest, describe}: Tools): Promise<ResultFacts> {
  const facts = describe?.(result) ?? {kind: streams && isGenerator(result) ? "generator" : kindOf(result)};
  const json = streams ? null : smallJson(result);
  return {...facts, ...rowsOf(result, facts), sha256: json === null ? null : await digest(json)};
}

const rowsOf = (value: unknown, {rows}: ValueFacts) =>
  rows === undefined && Array.isArray(value) ? {rows: value.length} : {};

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return Object.prototype.toString.call(value).slice("[object ".length, -1).toLowerCase();
}
