const minute = 60_000;
const hour = 60 * minute;
const integer = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

/** A metric's value in few characters: shares with three decimals, others with four significant digits. */
export function formatMetric(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (Number.isInteger(value) && size < 1e6) return integer.format(value).replace("-", "−");
  if (size < 1e-4 || size >= 1e6)
    return value.toExponential(2).replace("-", "−").replace("e+", "e").replace("e-", "e−");
  const decimals = size < 0.01 ? 5 : size < 0.1 ? 4 : size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
  return value
    .toLocaleString("en-US", {minimumFractionDigits: decimals, maximumFractionDigits: decimals})
    .replace("-", "−");
}

const powers = [
  [1e6, "M"],
  [1e3, "k"]
] as const;

/** A number on an axis, in few characters however large it is. */
export function formatTick(value: number | null): string {
  if (value === null) return "";
  const size = Math.abs(value);
  if (size >= 1e9) return Number(value.toPrecision(2)).toExponential().replace("e+", "e");
  if (size > 0 && size < 1e-3) return formatMetric(value);
  const [unit, letter] = powers.find(([least]) => size >= least) ?? [1, ""];
  return `${Number((value / unit).toPrecision(3))}${letter}`;
}

export function formatCount(value: number): string {
  return integer.format(value);
}

/** `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 12 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < minute) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < hour)
    return `${Math.floor(ms / minute)} min ${String(Math.floor((ms % minute) / 1000)).padStart(2, "0")} s`;
  return `${Math.floor(ms / hour)} h ${String(Math.floor((ms % hour) / minute)).padStart(2, "0")} min`;
}

/** Time left, rounded up to what can be meant: `< 1 s left`, `9 s left`, `3 min left`. */
export function formatTimeLeft(ms: number): string {
  if (ms < 1000) return "< 1 s left";
  if (ms < minute) return `${Math.ceil(ms / 1000)} s left`;
  if (ms < hour) return `${Math.ceil(ms / minute)} min left`;
  return `${Math.floor(ms / hour)} h ${String(Math.ceil((ms % hour) / minute) % 60).padStart(2, "0")} min left`;
}

/** `412/s`, `3.1/s`, or for slow steps `4.2 s/step`. */
export function formatRate(stepsPerSecond: number): string {
  if (stepsPerSecond >= 10) return `${integer.format(stepsPerSecond)} steps/s`;
  if (stepsPerSecond >= 1) return `${stepsPerSecond.toFixed(1)} steps/s`;
  return `${(1 / stepsPerSecond).toFixed(1)} s/step`;
}

const relative = new Intl.RelativeTimeFormat("en", {numeric: "auto"});

/** `just now`, `5 minutes ago`, `yesterday`, `2 days ago`. */
export function formatAgo(then: number, now: number): string {
  const ms = now - then;
  if (ms < minute) return "just now";
  if (ms < hour) return relative.format(-Math.floor(ms / minute), "minute");
  if (ms < 24 * hour) return relative.format(-Math.floor(ms / hour), "hour");
  if (ms < 30 * 24 * hour) return relative.format(-Math.floor(ms / (24 * hour)), "day");
  if (ms < 365 * 24 * hour) return relative.format(-Math.floor(ms / (30 * 24 * hour)), "month");
  return relative.format(-Math.floor(ms / (365 * 24 * hour)), "year");
}

/** A parameter's value, short enough for a chip. */
export function formatParam(value: unknown): string {
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (typeof value === "string") return clip(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value as ArrayLike<unknown>);
    return items.length > 6 ? `${items.length} values` : `[${items.map(formatParam).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) return clip(JSON.stringify(value));
  return String(value);
}

function clip(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
