import type {ColumnSummary, Filter, TableView} from "../../tables/view-types.ts";
import {type Arrangement, type GridRows, pending} from "./rows.ts";
import {type GridColumn, type GridSource, gridSource} from "./source.ts";
import {sqlKind} from "./sql-kind.ts";
import {stringify} from "./stringify.ts";

/** Rows fetched at once: several screens, so that slow scrolling never waits. */
const blockRows = 256;
/** Blocks kept: those around where the reader is. */
const keptBlocks = 64;
/** One engine answers; more at once would only queue there, where they cannot be overtaken. */
const mostRequests = 2;
/** A request whose rows are out of view again is let finish for so long: ended at each frame, none would while one scrolls. */
const patienceMs = 150;

interface Request {
  aborter: AbortController;
  started: number;
}

/** Rows of a query that stay in the database: windows of them are fetched as they come into view. */
export class ViewRows implements GridRows {
  readonly columns: readonly GridColumn[];
  readonly rowCount: number;
  readonly truncated: boolean;
  shown: number;
  problem: string | null = null;
  sample: GridSource | null = null;
  private readonly view: TableView;
  private readonly changed: () => void;
  private arrangement: Arrangement = {orders: [], filters: []};
  /** Of the present arrangement, the one used last at the end. */
  private blocks = new Map<number, GridSource>();
  /** Of the arrangement before, drawn until the first block of the present one has come. */
  private previous: ReadonlyMap<number, GridSource> = new Map();
  private requests = new Map<number, Request>();
  /** Blocks that could not be had, so that drawing does not ask for them again and again. */
  private readonly failed = new Set<number>();
  private counting = new AbortController();
  private isCounting = false;
  private wanted: readonly number[] = [];
  private lastFirst = 0;
  private direction = 1;

  constructor(view: TableView, changed: () => void) {
    this.view = view;
    this.changed = changed;
    this.rowCount = view.rowCount;
    this.shown = view.rowCount;
    this.truncated = view.truncated;
    this.columns = view.columns.map(({name, type}) => ({
      name,
      type: type.toLowerCase(),
      kind: sqlKind(type),
      value: () => pending
    }));
  }

  get busy(): boolean {
    return this.isCounting || this.wanted.some((block) => !this.blocks.has(block) && !this.failed.has(block));
  }

  cell(row: number, column: number): unknown {
    const index = Math.floor(row / blockRows);
    const block = this.blocks.get(index) ?? this.previous.get(index);
    const at = row % blockRows;
    return block && at < block.rowCount ? block.columns[column].value(at) : pending;
  }

  want(first: number, end: number): void {
    const needed = blocksOf(first, end, this.shown);
    if (first !== this.lastFirst) this.direction = Math.sign(first - this.lastFirst);
    this.lastFirst = first;
    // One more in the direction of the scrolling, for when the reader goes on.
    const ahead = this.direction < 0 ? needed[0] - 1 : needed[needed.length - 1] + 1;
    const isThere = ahead >= 0 && ahead * blockRows < this.shown;
    if (needed[0] !== this.wanted[0]) this.failed.clear();
    this.wanted = needed;
    this.endLate(new Set([...needed, ahead]));
    for (const block of needed) this.touch(block);
    this.fetch(isThere ? [...needed, ahead] : needed);
  }

  arrange(arrangement: Arrangement): void {
    const isOther = stringify(arrangement.filters) !== stringify(this.arrangement.filters);
    this.arrangement = arrangement;
    this.endRequests();
    this.failed.clear();
    this.problem = null;
    if (this.blocks.size) this.previous = this.blocks;
    this.blocks = new Map();
    if (isOther) void this.count();
    this.changed();
  }

  summarize(column: string, where: readonly Filter[], signal: AbortSignal): Promise<ColumnSummary> {
    return this.view.summarize(column, this.known(where), signal);
  }

  async read(first: number, end: number, signal?: AbortSignal): Promise<GridSource> {
    const {orderBy, where} = this.conditions;
    const isWhole = first === 0 && end >= this.shown;
    return gridSource(
      isWhole
        ? await this.view.toArrow({orderBy, where}, signal)
        : await this.view.window({offset: first, limit: end - first, orderBy, where}, signal)
    );
  }

  stop(): void {
    this.counting.abort();
    this.endRequests();
  }

  /** The rows shown as one Arrow table of these columns. */
  toArrow(columns: readonly string[], signal?: AbortSignal): ReturnType<TableView["toArrow"]> {
    return this.view.toArrow({...this.conditions, columns}, signal);
  }

  private get conditions() {
    const {orders, filters} = this.arrangement;
    const names = new Set(this.columns.map(({name}) => name));
    return {orderBy: orders.filter(({column}) => names.has(column)), where: this.known(filters)};
  }

  /** Conditions on columns of this result; others are of a result that came before. */
  private known(filters: readonly Filter[]): Filter[] {
    return filters.filter(({column}) => this.columns.some(({name}) => name === column));
  }

  private touch(block: number): void {
    const source = this.blocks.get(block);
    if (!source) return;
    this.blocks.delete(block);
    this.blocks.set(block, source);
  }

  private fetch(blocks: readonly number[]): void {
    for (const block of blocks) {
      if (this.requests.size >= mostRequests) return;
      const isKnown = this.blocks.has(block) || this.requests.has(block) || this.failed.has(block);
      if (!isKnown) void this.request(block);
    }
  }

  private endRequests(): void {
    for (const {aborter} of this.requests.values()) aborter.abort();
    this.requests.clear();
  }

  private endLate(needed: ReadonlySet<number>): void {
    for (const [block, {aborter, started}] of this.requests) {
      if (needed.has(block) || performance.now() - started < patienceMs) continue;
      aborter.abort();
      this.requests.delete(block);
    }
  }

  private async request(block: number): Promise<void> {
    const aborter = new AbortController();
    this.requests.set(block, {aborter, started: performance.now()});
    const {signal} = aborter;
    try {
      const window = {offset: block * blockRows, limit: blockRows, ...this.conditions};
      const table = await this.view.window(window, signal);
      if (signal.aborted) return;
      this.keep(block, gridSource(table));
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
      this.failed.add(block);
    }
    this.requests.delete(block);
    this.changed();
    this.fetch(this.wanted);
  }

  private keep(block: number, source: GridSource): void {
    this.blocks.set(block, source);
    this.previous = new Map();
    this.problem = null;
    if (source.rowCount) this.sample ??= source;
    for (const old of this.blocks.keys()) {
      if (this.blocks.size <= keptBlocks) return;
      if (!this.wanted.includes(old)) this.blocks.delete(old);
    }
  }

  private async count(): Promise<void> {
    this.counting.abort();
    this.counting = new AbortController();
    const {signal} = this.counting;
    const where = this.known(this.arrangement.filters);
    this.isCounting = true;
    try {
      const shown = where.length ? await this.view.count(where, signal) : this.rowCount;
      if (signal.aborted) return;
      this.shown = shown;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.isCounting = false;
    this.changed();
  }
}

function blocksOf(first: number, end: number, rowCount: number): number[] {
  const from = Math.floor(first / blockRows);
  const to = Math.floor(Math.max(first, Math.min(end, rowCount) - 1) / blockRows);
  return Array.from({length: to - from + 1}, (_, i) => from + i);
}
