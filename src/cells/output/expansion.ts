/** Where an expanded object is: the child index at each level below the inspector's node. */
export type ExpandedPath = readonly number[];

/** The expanded parts of an inspected value, outermost first; empty for anything else that is displayed. */
export function expandedPaths(node: Node): ExpandedPath[] {
  if (!(node instanceof Element) || !node.classList.contains("observablehq")) return [];
  return Array.from(node.querySelectorAll(".observablehq--expanded"), (element) => pathTo(node, element));
}

function pathTo(root: Node, descendant: Node): ExpandedPath {
  const path: number[] = [];
  for (let node = descendant; node !== root && node.parentNode; node = node.parentNode) {
    path.push(Array.prototype.indexOf.call(node.parentNode.childNodes, node));
  }
  return path.reverse();
}

/** Opens the same parts of another inspected value, as far as it has them. */
export function restoreExpanded(node: Node, paths: readonly ExpandedPath[]): void {
  for (const path of paths) {
    let child: Node | undefined = node;
    for (const index of path) child = child?.childNodes[index];
    child?.dispatchEvent(new Event("mouseup"));
  }
}
