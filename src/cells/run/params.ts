import {formatParam} from "./format.ts";

export interface ParamChip {
  name: string;
  value: string;
  /** The value in the run before, where it was another. */
  was: string | null;
}

type Params = Readonly<Record<string, unknown>>;

/** The structural parameters, and what each was in the run that this one replaces. */
export function paramChips(params: Params, previous: Params | null): ParamChip[] {
  return Object.entries(params).map(([name, raw]) => {
    const value = formatParam(raw);
    const before = previous && name in previous ? formatParam(previous[name]) : null;
    return {name, value, was: before === value ? null : before};
  });
}
