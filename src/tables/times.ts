const two = (x: number | bigint) => String(x).padStart(2, "0");

/** A time of day, or a span of hours, in SQL's words: 10:00:00 or 10:00:00.5. */
export function clockText(units: bigint, unitsPerSecond: bigint): string {
  const size = units < 0n ? -units : units;
  const seconds = size / unitsPerSecond;
  const digits = String(unitsPerSecond).length - 1;
  const fraction = String(size % unitsPerSecond)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return `${units < 0n ? "-" : ""}${clock}${fraction && digits ? `.${fraction}` : ""}`;
}

const counted = (n: number, noun: string) => (n === 0 ? [] : [`${n} ${noun}${Math.abs(n) === 1 ? "" : "s"}`]);

/** An interval as DuckDB writes it: 1 year 2 months 3 days 04:05:06. */
export function intervalText(months: number, days: number, nanoseconds: bigint): string {
  const years = Math.trunc(months / 12);
  const parts = [
    ...counted(years, "year"),
    ...counted(months - 12 * years, "month"),
    ...counted(days, "day")
  ];
  if (nanoseconds !== 0n || parts.length === 0) parts.push(clockText(nanoseconds, 1_000_000_000n));
  return parts.join(" ");
}
