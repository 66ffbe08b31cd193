/** Takes the one child out of an element that was only needed to make it: the page shows what has no parent. */
export function detachedChild(root: Element): Element {
  const child = root.firstElementChild;
  child?.remove();
  return child ?? root;
}
