import type {JournalRecord} from "./journal/types.ts";

/** What a database has not heard of; in order, since a run that is deleted may come back from an archive. */
export type Step = JournalRecord | Deletion;

interface Deletion {
  deleted: readonly string[];
}

/** Steps that follow each other and are of one kind, together. */
export function inKind(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const group = groups.at(-1);
    if (group && "deleted" in group[0] === "deleted" in step) group.push(step);
    else groups.push([step]);
  }
  return groups;
}

export const isDeletion = (steps: readonly Step[]): steps is Deletion[] =>
  steps.length > 0 && "deleted" in steps[0];
