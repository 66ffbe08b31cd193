import {NameError} from "./types.ts";

const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** How many folders deep a notebook may lie. */
export const MOST_FOLDERS = 2;

/**
 * Answers the name when a storage accepts it: letters, digits, `.`, `_` and `-`, no leading dot, two folders at most.
 *
 * @throws NameError
 */
export function checkName(name: string): string {
  const parts = name.split("/");
  if (parts.length > MOST_FOLDERS + 1 || name.length > 120 || !parts.every((part) => PART.test(part)))
    throw new NameError(
      `A notebook's name has letters, digits, ".", "_" and "-", and at most two folders as in "a/b/c"; got ${JSON.stringify(name)}.`
    );
  return name;
}

/** The nearest acceptable name for a title, e.g. "Lottery tickets!" -> "lottery-tickets". */
export function nameFromTitle(title: string): string {
  const plain = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const name = plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 80);
  return name || "untitled";
}

/** `name`, or the first of `name-2`, `name-3`, ... that is not taken. */
export function freeName(name: string, taken: Iterable<string>): string {
  const names = new Set(taken);
  if (!names.has(name)) return name;
  const stem = name.replace(/-\d+$/, "");
  for (let n = 2; ; n++) if (!names.has(`${stem}-${n}`)) return `${stem}-${n}`;
}
