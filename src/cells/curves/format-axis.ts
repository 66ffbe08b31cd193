import type {CurveAxis, Extent} from "../../tables/curves.ts";
import {formatCount, formatDuration, formatMetric} from "../run/format.ts";
import {metricLabel} from "../run/metric-names.ts";

/** A place on an axis, for people. */
export function formatPlace(x: CurveAxis, at: number, extent: Extent | null): string {
  if (x === "step") return `step ${formatCount(Math.round(at))}`;
  if (x === "relative") return formatDuration(Math.max(0, at) * 1000);
  if (x === "time") {
    const isLong = extent !== null && extent[1] - extent[0] > 86_400_000;
    return new Date(at).toLocaleString("en-GB", {
      ...(isLong && {day: "numeric", month: "short"}),
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit"
    });
  }
  return `${metricLabel(x.key)} ${formatMetric(at)}`;
}

/** What an axis says below it. */
export function axisLabel(x: CurveAxis): string {
  if (x === "step") return "step";
  if (x === "relative") return "seconds since the run began";
  return x === "time" ? "time" : metricLabel(x.key);
}

/** A number at a tick of an axis. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(0).replace("e+", "e");
  for (const [unit, letter] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"]
  ] as const) {
    if (size >= unit) return `${Number((value / unit).toPrecision(3))}${letter}`.replace("-", "−");
  }
  if (size !== 0 && size < 1e-3)
    return value
      .toExponential()
      .replace(/(\.\d\d)\d+/, "$1")
      .replace("e-", "e−")
      .replace(/^-/, "−");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

const day = 86_400_000;

/** A time at a tick, as exact as the distance to the next asks for. */
export function formatTimeTick(ms: number, distanceMs: number): string {
  const time = new Date(ms);
  if (distanceMs >= day) return time.toLocaleString("en-GB", {day: "numeric", month: "short"});
  const seconds = distanceMs < 60_000 ? ({second: "2-digit"} as const) : {};
  return time.toLocaleString("en-GB", {hour: "2-digit", minute: "2-digit", ...seconds});
}
