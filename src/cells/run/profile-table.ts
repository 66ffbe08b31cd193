import type {KernelProfile, StepProfile} from "../../gpu/types.ts";
import {formatBytes} from "../app/format.ts";
import {formatCount} from "./format.ts";

/** A kernel as it is shown. */
export interface ProfileRow {
  name: string;
  /** Of the time, or of the bytes where there is no time; 0 to 1. */
  share: number;
  time: string;
  calls: string;
  bytes: string;
}

/** What a profile says, in words and rows. */
export interface ProfileTable {
  /** E.g. `14 dispatches, 1.2 ms and 3.4 MB a step, over 20 steps`. */
  headline: string;
  /** What there is to know besides. */
  note: string;
  /** What the shares are of. */
  shareOf: "time" | "bytes";
  rows: ProfileRow[];
}

/** A profile as a table, the largest share first. */
export function profileTable({kernels, steps, reason = ""}: StepProfile): ProfileTable {
  const isTimed = kernels.length > 0 && kernels.every(({milliseconds}) => milliseconds !== null);
  const weight = (kernel: KernelProfile) => (isTimed ? (kernel.milliseconds ?? 0) : kernel.bytes);
  const total = sum(kernels.map(weight));
  const rows = [...kernels]
    .sort((a, b) => weight(b) - weight(a))
    .map((kernel) => ({
      name: kernel.name,
      share: total > 0 ? Math.max(0, weight(kernel)) / total : 0,
      time: kernel.milliseconds === null ? "–" : formatMilliseconds(kernel.milliseconds),
      calls: formatCalls(kernel.calls),
      bytes: formatBytes(kernel.bytes)
    }));
  const figures = [
    `${formatCalls(sum(kernels.map(({calls}) => calls)))} dispatches`,
    ...(isTimed ? [`${formatMilliseconds(total)} ms`] : []),
    `${formatBytes(sum(kernels.map(({bytes}) => bytes)))} bound`
  ];
  return {
    headline: rows.length === 0 ? "" : `${figures.join(", ")} a step, over ${formatCount(steps)} steps`,
    note: reason,
    shareOf: isTimed ? "time" : "bytes",
    rows
  };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function formatMilliseconds(milliseconds: number): string {
  return milliseconds >= 100 ? milliseconds.toFixed(0) : Math.max(0, milliseconds).toFixed(3);
}

/** Whole where every step does the same. */
function formatCalls(calls: number): string {
  return Number.isInteger(calls) ? formatCount(calls) : calls.toFixed(1);
}
