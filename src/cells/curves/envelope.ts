import type {CurveEnvelope, CurveRows, Extent} from "../../tables/curves.ts";
import {oddBit} from "./odd.ts";

/** Where x lies on the axis: the same, or its logarithm. */
export type Place = (x: number) => number;

const columns = ["firstX", "lastX", "low", "high", "total", "finite", "rows", "odd"] as const;

/**
 * The course of one metric of one run in a bounded number of stretches of x: what SQL found, and rows added as they
 * come. When there are too many, neighbours become one; least, greatest and odd values stay.
 */
export class Envelope {
  /** How many stretches there are; only so many entries of the columns count. */
  length = 0;
  /** How many rows went in. */
  size = 0;
  /** The greatest `metrics.seq` that went in; rows up to it are not taken again. */
  seq = -1;
  /** Least and greatest x in a stretch. */
  firstX = new Float64Array(0);
  lastX = new Float64Array(0);
  /** Least and greatest finite value; NaN where there is none. */
  low = new Float64Array(0);
  high = new Float64Array(0);
  /** Sum and number of finite values. */
  total = new Float64Array(0);
  finite = new Float64Array(0);
  rows = new Float64Array(0);
  /** Which values that are not finite are in it, as bits. */
  odd = new Float64Array(0);
  readonly #capacity: number;
  readonly #place: Place;

  /** `capacity`: most stretches there ever are. */
  constructor(capacity: number, place: Place = (x) => x) {
    this.#capacity = capacity;
    this.#place = place;
  }

  /** Takes in stretches that SQL made, in order; for an empty envelope. */
  addStretches(curve: CurveEnvelope): void {
    for (const name of columns) this[name] = curve[name].slice();
    this.length = curve.rows.length;
    for (let i = 0; i < this.length; ++i) {
      this.size += this.rows[i] as number;
      this.seq = Math.max(this.seq, curve.seq[i] as number);
    }
    if (this.length > this.#capacity) this.#thin();
  }

  addRows({x, value, seq}: CurveRows): void {
    for (let i = 0; i < x.length; ++i) this.add(x[i] as number, value[i] as number, seq[i] as number);
  }

  /** Adds a row. It is counted but not drawn where it has no place on the axis. */
  add(x: number, value: number, seq: number): void {
    ++this.size;
    this.seq = Math.max(this.seq, seq);
    if (!Number.isFinite(this.#place(x))) return;
    if (this.length > 0 && x < (this.lastX[this.length - 1] as number)) {
      this.#join(Math.max(0, this.at(x)), x, value);
      return;
    }
    if (this.length >= this.#capacity) this.#thin();
    if (this.length === this.rows.length) this.#grow();
    this.#put(this.length++, x, value);
  }

  /** The stretch that x is in, else the last before it; -1 before the first. */
  at(x: number): number {
    let [from, to] = [0, this.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.firstX[middle] as number) <= x) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }

  /** From the first to the last place; null without any. */
  get extent(): Extent | null {
    return this.length === 0 ? null : [this.firstX[0] as number, this.lastX[this.length - 1] as number];
  }

  /** How many rows a range has, counting stretches at its ends whole. */
  rowsIn([low, high]: Extent): number {
    let count = 0;
    for (let i = Math.max(0, this.at(low)); i < this.length && (this.firstX[i] as number) <= high; ++i) {
      count += this.rows[i] as number;
    }
    return count;
  }

  /** Whether every stretch in a range is a row: there is nothing more to see. */
  isExact([low, high]: Extent): boolean {
    for (let i = Math.max(0, this.at(low)); i < this.length && (this.firstX[i] as number) <= high; ++i) {
      if ((this.rows[i] as number) > 1) return false;
    }
    return true;
  }

  /** Mean of the finite values of a stretch, NaN without any. */
  mean(i: number): number {
    return (this.total[i] as number) / (this.finite[i] as number);
  }

  /** Where a stretch is drawn. */
  middle(i: number): number {
    return ((this.firstX[i] as number) + (this.lastX[i] as number)) / 2;
  }

  #grow(): void {
    const size = Math.min(this.#capacity, Math.max(64, 2 * this.rows.length));
    for (const name of columns) {
      const grown = new Float64Array(size);
      grown.set(this[name]);
      this[name] = grown;
    }
  }

  #put(i: number, x: number, value: number): void {
    const bit = oddBit(value);
    this.firstX[i] = x;
    this.lastX[i] = x;
    this.low[i] = bit ? Number.NaN : value;
    this.high[i] = bit ? Number.NaN : value;
    this.total[i] = bit ? 0 : value;
    this.finite[i] = bit ? 0 : 1;
    this.rows[i] = 1;
    this.odd[i] = bit;
  }

  /** Adds a row that comes late, such as one of a step that a run went back to. */
  #join(i: number, x: number, value: number): void {
    const bit = oddBit(value);
    this.firstX[i] = Math.min(this.firstX[i] as number, x);
    this.lastX[i] = Math.max(this.lastX[i] as number, x);
    this.rows[i] = (this.rows[i] as number) + 1;
    this.odd[i] = (this.odd[i] as number) | bit;
    if (bit) return;
    // fmin and fmax: a NaN stands for nothing.
    if (!((this.low[i] as number) <= value)) this.low[i] = value;
    if (!((this.high[i] as number) >= value)) this.high[i] = value;
    this.total[i] = (this.total[i] as number) + value;
    this.finite[i] = (this.finite[i] as number) + 1;
  }

  /** Makes one of all stretches in each cell of a grid that has half as many cells as there is room for. */
  #thin(): void {
    const start = this.#place(this.firstX[0] as number);
    const width =
      (this.#place(this.lastX[this.length - 1] as number) - start) / Math.floor(this.#capacity / 2) || 1;
    let last = -1;
    let lastCell = -1;
    for (let i = 0; i < this.length; ++i) {
      const cell = Math.floor((this.#place(this.firstX[i] as number) - start) / width);
      if (last >= 0 && cell === lastCell) this.#merge(last, i);
      else {
        ++last;
        for (const name of columns) this[name][last] = this[name][i] as number;
      }
      lastCell = cell;
    }
    this.length = last + 1;
  }

  #merge(into: number, from: number): void {
    const at = (name: (typeof columns)[number], i: number) => this[name][i] as number;
    this.lastX[into] = Math.max(at("lastX", into), at("lastX", from));
    if (!(at("low", into) <= at("low", from)) && at("finite", from)) this.low[into] = at("low", from);
    if (!(at("high", into) >= at("high", from)) && at("finite", from)) this.high[into] = at("high", from);
    for (const name of ["total", "finite", "rows"] as const)
      this[name][into] = at(name, into) + at(name, from);
    this.odd[into] = at("odd", into) | at("odd", from);
  }
}
