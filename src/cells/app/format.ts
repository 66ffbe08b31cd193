/** A duration for people: `0.4 ms`, `38 ms`, `2.4 s`, `3 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 0.1) return "<0.1 ms";
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000]
];
const relative = new Intl.RelativeTimeFormat("en", {numeric: "auto"});

/** How long ago: `just now`, `5 minutes ago`, `yesterday`. */
export function formatAgo(at: number, now: number): string {
  for (const [unit, ms] of STEPS) {
    const count = Math.round((at - now) / ms);
    if (count !== 0) return relative.format(count, unit);
  }
  return "just now";
}

/** Bytes in powers of 1000: `312 B`, `4.2 kB`, `18 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
