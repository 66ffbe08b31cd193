import {afterAll, beforeAll, expect, test} from "vitest";
import {type CurveQuery, oddValues, readCurveEnvelopes, readCurveRows} from "../../src/tables/curves.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {Tables} from "../../src/tables/open.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, sink} = tables;
afterAll(() => tables.dispose());

const start = 1.76e12;

/** Rows as a run sends them; a NaN of `examples` means that the row has none. */
function record(runId: string, step: number[], columns: Record<string, number[]>): void {
  const batch = {
    runId,
    seq: 0,
    step: Float64Array.from(step),
    timeMs: Float64Array.from(step, (_, i) => start + 250 * i),
    columns: Object.fromEntries(Object.entries(columns).map(([key, x]) => [key, Float64Array.from(x)])),
    present: columns.examples && {
      examples: Uint8Array.from(columns.examples, (x) => Number(!Number.isNaN(x)))
    }
  };
  sink.append(runId, encodeMetrics(batch), [0, step.length - 1]);
}

const million = 1_000_000;
const spikeAt = 654_321;
const nanAt = 123_457;

beforeAll(() => {
  record("a", [0, 1, 2, 3], {loss: [4, 3, Number.NaN, 1], accuracy: [0, 0.1, 0.2, 0.3]});
  record("b", [0, 10, 5, 20], {
    loss: [9, 8, 7, Number.POSITIVE_INFINITY],
    examples: [64, Number.NaN, 128, 192]
  });
  const steps = Array.from({length: million}, (_, i) => i);
  const loss = steps.map((i) => (i === spikeAt ? 1e6 : i === nanAt ? Number.NaN : 1 / (1 + i)));
  record("long", steps, {loss});
}, 60_000);

const query = (runIds: string[], overrides: Partial<CurveQuery> = {}): CurveQuery => ({
  runs: runIds.map((runId) => ({runId, startMs: start})),
  keys: ["loss"],
  x: "step",
  ...overrides
});

test("few rows come as they are, in order of x, NaN and infinities kept", async () => {
  const [a, b] = await readCurveRows(db, query(["a", "b"]));
  expect([a.runId, a.key, [...a.x], [...a.value]]).toEqual([
    "a",
    "loss",
    [0, 1, 2, 3],
    [4, 3, Number.NaN, 1]
  ]);
  expect([[...b.x], [...b.value], [...b.seq]]).toEqual([
    [0, 5, 10, 20],
    [9, 7, 8, Infinity],
    [0, 2, 1, 3]
  ]);
});

test("several metrics of several runs are told apart", async () => {
  const found = await readCurveRows(db, query(["b", "a", "nobody"], {keys: ["accuracy", "loss"]}));
  expect(found.map(({runId, key, x}) => [runId, key, x.length])).toEqual([
    ["b", "loss", 4],
    ["a", "accuracy", 4],
    ["a", "loss", 4]
  ]);
});

test("only rows in the range are read", async () => {
  const [a] = await readCurveRows(db, query(["a"], {range: [0.5, 2]}));
  expect([...a.x]).toEqual([0, 1, 2]);
});

test("curves are drawn over time, over seconds since the start, and over another metric", async () => {
  const over = async (x: CurveQuery["x"], range: [number, number], runIds: string[]) =>
    (await readCurveRows(db, query(runIds, {x, range}))).map((curve) => [...curve.x]);
  expect(await over("time", [start, start + 500], ["a"])).toEqual([[start, start + 250, start + 500]]);
  expect(await over("relative", [0, 0.5], ["a"])).toEqual([[0, 0.25, 0.5]]);
  expect(await over("relative", [0, 0.5], ["a", "b"])).toEqual([
    [0, 0.25, 0.5],
    [0, 0.25, 0.5]
  ]);
  // Between two of its values a metric has the one before; a run without it is not drawn.
  expect(await over({key: "examples"}, [0, 1000], ["a", "b"])).toEqual([[64, 64, 128, 192]]);
  expect(await over({key: "examples"}, [0, 1000], ["b"])).toEqual([[64, 64, 128, 192]]);
});

test("one spike and one NaN among a million rows are in the envelope", async () => {
  const [curve] = await readCurveEnvelopes(db, {
    ...query(["long"]),
    span: [0, million],
    buckets: 600,
    log: false
  });
  expect(curve.rows.length).toBeLessThanOrEqual(600);
  expect(curve.rows.length).toBeGreaterThan(500);
  expect(curve.rows.reduce((sum, n) => sum + n)).toBe(million);
  const spike = curve.high.indexOf(1e6);
  expect(curve.firstX[spike]).toBeLessThanOrEqual(spikeAt);
  expect(curve.lastX[spike]).toBeGreaterThanOrEqual(spikeAt);
  const nan = curve.odd.indexOf(oddValues.nan);
  expect(curve.firstX[nan]).toBeLessThanOrEqual(nanAt);
  expect(curve.lastX[nan]).toBeGreaterThanOrEqual(nanAt);
  expect(curve.rows[nan] - curve.finite[nan]).toBe(1);
  expect(curve.odd.filter((word) => word !== 0)).toHaveLength(1);
  expect(curve.seq.at(-1)).toBe(million - 1);
});

test("an envelope over the logarithm has as many stretches in every decade", async () => {
  const [curve] = await readCurveEnvelopes(db, {
    ...query(["long"]),
    span: [1, million],
    buckets: 60,
    log: true
  });
  const inDecade = (from: number) => curve.firstX.filter((x) => x >= from && x < 10 * from).length;
  expect([inDecade(1000), inDecade(10_000), inDecade(100_000)]).toEqual([10, 10, 10]);
  expect(curve.firstX[0]).toBe(1);
});

test("rows outside of the span are not forgotten, and the range leaves out what lies outside of it", async () => {
  const ask = {buckets: 10, log: false, span: [2, 3] as const};
  const [all] = await readCurveEnvelopes(db, {...query(["b"]), ...ask});
  expect(all.rows.reduce((sum, n) => sum + n)).toBe(4);
  const [part] = await readCurveEnvelopes(db, {...query(["b"], {range: [4, 11]}), ...ask});
  expect([part.firstX[0], part.lastX.at(-1)]).toEqual([5, 10]);
});

test("infinities and stretches without a finite value are told", async () => {
  const [a, b] = await readCurveEnvelopes(db, {
    ...query(["a", "b"]),
    span: [0, 20],
    buckets: 1000,
    log: false
  });
  expect([...a.low]).toEqual([4, 3, Number.NaN, 1]);
  expect([...a.odd]).toEqual([0, 0, oddValues.nan, 0]);
  expect([...b.odd]).toEqual([0, 0, 0, oddValues.infinite]);
  expect(b.high[3]).toBeNaN();
});

test("names with quotes are names", async () => {
  record("it's", [0], {'"; DROP TABLE metrics; --': [1]});
  const [curve] = await readCurveRows(db, query(["it's"], {keys: ['"; DROP TABLE metrics; --']}));
  expect([...curve.value]).toEqual([1]);
});
