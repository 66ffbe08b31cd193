// Two caches. Files whose SHA-256 the caller knows stay in the browser's Cache (where there is one) over reloads. What a
// reader made of files is answered again while somebody still holds it: by content, so that a changed file is read anew.

const CACHE = "petri-datasets";
const addressOf = (sha256: string) => `/petri-datasets/${sha256}`;

/** The stored bytes of content with this hash, if the browser has kept them. */
export async function fromCache(sha256: string): Promise<Uint8Array | undefined> {
  const cache = await openCache();
  const response = await cache?.match(addressOf(sha256));
  return response && new Uint8Array(await response.arrayBuffer());
}

/** Keeps stored bytes under the hash of their content; a full disk is no error. */
export async function intoCache(sha256: string, bytes: Uint8Array): Promise<void> {
  const cache = await openCache();
  await cache?.put(addressOf(sha256), new Response(bytes as BodyInit)).catch(() => {});
}

async function openCache(): Promise<Cache | undefined> {
  // Some pages (not served securely, private windows) have it and may not open it.
  return (globalThis as {caches?: CacheStorage}).caches?.open(CACHE).catch(() => undefined);
}

const made = new Map<string, WeakRef<object>>();

/** What was made under this key, while it is still in use; else it is made. */
export async function remembered<T extends object>(key: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(key)?.deref() as T | undefined;
  if (known) return known;
  const value = await make();
  for (const [old, reference] of made) if (!reference.deref()) made.delete(old);
  made.set(key, new WeakRef(value));
  return value;
}
