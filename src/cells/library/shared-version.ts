import {dependencies} from "../../../package.json";

/** Whether the page's own copy of a package is one that a version range asks for; a tag such as `latest` is no range. */
export async function pageSatisfies(name: string, range: string): Promise<boolean> {
  const version = (dependencies as Record<string, string>)[name];
  if (!range || !version) return true;
  const [satisfies, validRange] = await Promise.all([
    import("semver/functions/satisfies.js"),
    import("semver/ranges/valid.js")
  ]);
  return !validRange.default(range) || satisfies.default(version, range, {includePrerelease: true});
}
