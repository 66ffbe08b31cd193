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
