/** Names of this site's caches: another site of the same origin has its own. */
export function cacheName(scope: string, build: string): string {
  return `${prefix(scope)}${build}`;
}

function prefix(scope: string): string {
  return `petri:${new URL(scope).pathname}:`;
}

/** This site's caches, oldest first, as `caches.keys()` has them. */
export function ownCaches(names: string[], scope: string): string[] {
  return names.filter((name) => name.startsWith(prefix(scope)));
}

/**
 * The caches to delete once `current` is whole. The one before it stays: pages that it served may still be open, and
 * load their parts from it.
 */
export function outdatedCaches(names: string[], scope: string, current: string): string[] {
  return ownCaches(names, scope)
    .filter((name) => name !== current)
    .slice(0, -1);
}
