// What a diagram of a Kolmogorov-Arnold network is told: the plain result of petri/kan's edgeCurves, and how to look at it.

/** Which edge: from node `from` of level `layer` to subnode `to` of the next. */
export interface DiagramEdgeId {
  readonly layer: number;
  readonly from: number;
  readonly to: number;
}

/** An edge with its curve. */
export interface DiagramEdge extends DiagramEdgeId {
  /** The node of the next level that it goes to. */
  readonly node: number;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Its strength, 0 or more. */
  readonly score: number;
  /** Its function; null where it is a spline. */
  readonly name: string | null;
  /** Of the function, in z, which is what comes into the edge. */
  readonly formula?: string | null;
  /** The spline that the function stands for, over the same x, and how well the function follows it. */
  readonly spline?: {readonly y: ArrayLike<number>; readonly r2: number} | null;
}

/** What petri/kan's edgeCurves gives. */
export interface DiagramNetwork {
  readonly levels: readonly {readonly nodes: number; readonly multiply: number}[];
  readonly edges: readonly DiagramEdge[];
}

/** A function that an edge may be. */
export interface DiagramSuggestion {
  readonly name: string;
  readonly r2: number;
  /** In z, and its curve: what petri/kan's suggestCurves gives besides, so that it can be drawn over the spline. */
  readonly formula?: string;
  readonly x?: ArrayLike<number>;
  readonly y?: ArrayLike<number>;
}

/** A curve. */
export type DiagramCurve = Pick<DiagramEdge, "x" | "y">;

/** A function as it is drawn over an edge's spline. */
export interface DiagramFit extends DiagramCurve {
  readonly formula: string;
  /** None where there is no spline to follow. */
  readonly r2: number | undefined;
}

/** How a network is drawn. */
export interface KanDiagramOptions {
  /** Of the inputs: x_1, x_2, ... by default. */
  readonly names?: readonly string[];
  /** Of the outputs: y_1, y_2, ... by default. */
  readonly outputs?: readonly string[];
  /** An edge's opacity is tanh(beta times its score). Default 3. */
  readonly beta?: number;
  /** What an edge may be, the best first: asked when somebody looks at it. Without it edges can be looked at alone. */
  readonly suggest?: (
    edge: DiagramEdgeId
  ) => readonly DiagramSuggestion[] | Promise<readonly DiagramSuggestion[]>;
  /** Most suggestions shown. Default 5. */
  readonly suggestions?: number;
}

/** A change that somebody asked for: the edge becomes a function, or a spline again (null). */
export interface DiagramChange extends DiagramEdgeId {
  readonly name: string | null;
}

/** What cells get of a diagram. */
export interface KanDiagramValue {
  /** The edge that is looked at. */
  readonly edge: DiagramEdgeId | null;
  /** The last change of each edge that was changed: petri/kan's withChanges makes them. */
  readonly changes: readonly DiagramChange[];
}

/** The function of an edge, where the network has it. */
export function fitOf({name, formula, spline, x, y}: DiagramEdge): DiagramFit | null {
  return name === null ? null : {x, y, formula: formula ?? name, r2: spline?.r2};
}

/** The same of a suggestion that comes with a curve. */
export function fitAs(suggestion: DiagramSuggestion | undefined): DiagramFit | null {
  const {name, r2, formula, x, y} = suggestion ?? {};
  return name !== undefined && x && y ? {x, y, formula: formula ?? name, r2} : null;
}

/** What lies under a function: the spline that it stands for. */
export function splineOf({name, spline, x, y}: DiagramEdge): DiagramCurve | null {
  if (name === null) return {x, y};
  return spline ? {x, y: spline.y} : null;
}

/** Whether two edges have the same curve, number for number. */
export function isSameCurve(a: DiagramEdge, b: DiagramEdge): boolean {
  const isSame = (one: ArrayLike<number>, other: ArrayLike<number>) =>
    one.length === other.length && Array.from(one).every((value, i) => value === other[i]);
  return a.name === b.name && isSame(a.x, b.x) && isSame(a.y, b.y);
}

export function edgeKey({layer, from, to}: DiagramEdgeId): string {
  return `${layer}/${from}/${to}`;
}

/** Throws TypeError unless what is to be drawn is what edgeCurves gives. */
export function checkNetwork(network: DiagramNetwork): void {
  const isThere = Array.isArray(network?.levels) && Array.isArray(network.edges);
  if (isThere && network.edges.every(({x, y}) => x?.length > 0 && x.length === y?.length)) return;
  throw new TypeError(
    "kanDiagram draws the curves of a network: pass edgeCurves(network, inputs), with edgeCurves from petri/kan."
  );
}
