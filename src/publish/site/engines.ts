/** What decides which build of DuckDB a browser takes (tables/engine.ts). */
export interface Browser {
  cores: number;
  userAgent: string;
}

const build = /(?:^|\/)duckdb-(?:browser-)?(eh|coi)\b/;

/** The build of DuckDB that a file belongs to: `eh`, or `coi` for threads; null for every other file. */
function buildOf(file: string): string | null {
  return build.exec(file)?.[1] ?? null;
}

/** Safari does not isolate pages that load without credentials, and so has no threads. */
const isSafari = (userAgent: string) => /AppleWebKit/.test(userAgent) && !/Chrom(e|ium)|Edg/.test(userAgent);

/** Whether a browser is going to use a file. Of the two builds of DuckDB, 36 MB each, it takes one. */
export function isUsed(file: string, {cores, userAgent}: Browser): boolean {
  const build = buildOf(file);
  if (build === null) return true;
  return (build === "coi") === (cores > 2 && !isSafari(userAgent));
}
