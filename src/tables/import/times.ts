const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:\.\d+)?))?\s*(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Milliseconds since the epoch of a time as Python writes it, with a space or a T, with microseconds, with a zone or
 * without: then it is taken as UTC, so that it is the same on every machine. Null when it is none.
 */
export function parseTime(text: string): number | null {
  const match = isoTime.exec(text.trim());
  if (!match) return null;
  const [, day, minutes = "00:00", seconds = "00", zone = "Z"] = match;
  const [whole, fraction = ""] = seconds.split(".");
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const time = Date.parse(`${day}T${minutes}:${whole}.${fraction.slice(0, 3).padEnd(3, "0")}${offset}`);
  return Number.isNaN(time) ? null : time;
}

/** A time as SQLite's programs write it: `2026-11-21 04:30:00.123000`, in UTC. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().replace("T", " ").replace("Z", "")}000`;
}
