export type Format = (value: unknown) => string;

/** The ways a reader can have a column written. */
export const formatStyles = {
  auto: "automatic",
  fixed: "decimals",
  significant: "significant digits",
  percent: "percent",
  si: "k, M, G …",
  scientific: "scientific",
  bytes: "bytes",
  seconds: "duration (of seconds)",
  milliseconds: "duration (of milliseconds)",
  date: "date",
  time: "date and time",
  exact: "every digit"
} as const;

export type FormatStyle = keyof typeof formatStyles;

export interface ColumnFormat {
  style: FormatStyle;
  /** Decimals, for the styles that have them. */
  digits?: number;
}

/** Decimals of a style when nothing else is said; those that are missing have none to choose. */
export const defaultDigits: Partial<Record<FormatStyle, number>> = {
  fixed: 3,
  significant: 4,
  percent: 1,
  si: 2,
  scientific: 2,
  bytes: 1
};

/** A number scaled by a power of `base` to below it, with the unit for that power. */
function scaled(x: number, base: number, units: readonly string[], smallest: number, digits: number): string {
  if (x === 0) return `0${units[-smallest]}`;
  const wanted = Math.floor(Math.log(Math.abs(x)) / Math.log(base) + 1e-12);
  const power = Math.max(smallest, Math.min(smallest + units.length - 1, wanted));
  const value = x / base ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(digits)}${units[power - smallest]}`;
}

/** In powers of ten where the digits would stand far from the point. */
function significant(x: number, digits: number): string {
  const size = Math.abs(x);
  if (Number.isInteger(x) && size < 1e9) return x.toLocaleString("en-US");
  if (size < 1e-4 || size >= 1e9) return x.toExponential(digits - 1);
  return size >= 10 ** digits ? Math.round(x).toLocaleString("en-US") : x.toPrecision(digits);
}

const si = ["p", "n", "µ", "m", "", "k", "M", "G", "T", "P"];
const binary = [" B", " KiB", " MiB", " GiB", " TiB"];

/** `340 ms`, `12.3 s`, `2:05 min`, `1:12:00 h`. */
function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const two = (x: number) => String(x).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)} h`;
}

const dates = (length: number) => (x: number) => {
  const date = new Date(x);
  return Number.isNaN(+date) ? String(x) : date.toISOString().slice(0, length).replace("T", " ");
};

function numberStyle(style: FormatStyle, digits: number): ((x: number) => string) | null {
  switch (style) {
    case "fixed":
      return (x) => x.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits});
    case "significant":
      return (x) => significant(x, Math.max(1, digits));
    case "percent":
      return (x) => `${(100 * x).toFixed(digits)} %`;
    case "si":
      return (x) => scaled(x, 1000, si, -4, digits);
    case "scientific":
      return (x) => x.toExponential(digits);
    case "bytes":
      return (x) => scaled(x, 1024, binary, 0, digits);
    case "seconds":
      return (x) => duration(1000 * x);
    case "milliseconds":
      return duration;
    case "date":
      return dates(10);
    case "time":
      return dates(19);
    default:
      return null;
  }
}

/** How values are written in a chosen style; null for the automatic one. Times and numbers may be given as either. */
export function styled({style, digits}: ColumnFormat): Format | null {
  if (style === "exact") return String;
  const write = numberStyle(style, digits ?? defaultDigits[style] ?? 0);
  if (!write) return null;
  return (value) => {
    const x = Number(value);
    if (Number.isNaN(x)) return "NaN";
    return Number.isFinite(x) ? write(x) : x < 0 ? "−∞" : "∞";
  };
}

/** The styles that suit what a column holds. */
export function stylesFor(kind: string): FormatStyle[] {
  if (kind === "date") return ["auto", "date", "time"];
  return kind === "number" ? (Object.keys(formatStyles) as FormatStyle[]) : [];
}
