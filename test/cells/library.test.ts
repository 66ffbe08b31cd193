import {afterEach, describe, expect, test, vi} from "vitest";
import {parseRange, parseReference, toColumn} from "../../src/cells/library/file/cell-reference.ts";
import {inferTypes} from "../../src/cells/library/file/infer-types.ts";
import {mimeTypeOf} from "../../src/cells/library/file/mime-type.ts";
import {observe, queue} from "../../src/cells/library/generators/observe.ts";
import {Mutable} from "../../src/cells/library/mutable.ts";
import {Promises} from "../../src/cells/library/promises.ts";

describe("Generators.observe", () => {
  test("yields the newest of the values that nobody waited for", async () => {
    let notify: (value: number) => number = () => 0;
    const values = observe<number>((n) => {
      notify = n;
      n(1);
      n(2);
      return undefined;
    });
    expect(await values.next()).toEqual({done: false, value: 2});
    const next = values.next();
    notify(3);
    expect(await next).toEqual({done: false, value: 3});
  });

  test("stops its source when it is returned, and fails who waits", async () => {
    const stop = vi.fn();
    const values = observe<number>(() => stop);
    const waiting = values.next();
    expect(await values.return(undefined)).toEqual({done: true, value: undefined});
    await expect(waiting).rejects.toThrow("Generator returned");
    expect(stop).toHaveBeenCalledOnce();
  });

  test("throwing into it stops its source and fails who waits with the error", async () => {
    const stop = vi.fn();
    const values = observe<number>(() => stop);
    const waiting = values.next();
    await values.throw(new Error("superseded"));
    await expect(waiting).rejects.toThrow("superseded");
    expect(stop).toHaveBeenCalledOnce();
  });

  test("refuses an initializer that returns something other than a function", () => {
    const asynchronous = (async () => undefined) as unknown as () => undefined;
    expect(() => observe(asynchronous)).toThrow("a promise");
  });
});

test("Generators.queue yields every value in order", async () => {
  const values = queue<number>((notify) => {
    for (const value of [1, 2, 3]) notify(value);
    return undefined;
  });
  expect([await values.next(), await values.next(), await values.next()].map(({value}) => value)).toEqual([
    1, 2, 3
  ]);
});

describe("Mutable", () => {
  test("yields its value, then what is assigned", async () => {
    const count = Mutable(1);
    expect((await count.next()).value).toBe(1);
    const next = count.next();
    count.value += 1;
    expect((await next).value).toBe(2);
    expect(count.value).toBe(2);
  });

  test("without a value it waits for the first assignment", async () => {
    const later = Mutable<string | undefined>(undefined);
    const first = later.next();
    later.value = "now";
    expect((await first).value).toBe("now");
  });
});

describe("Promises", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("tick resolves at the next multiple of its duration, when at its time", async () => {
    vi.useFakeTimers({now: 12_340});
    const times: number[] = [];
    void Promises.tick(1000).then(() => times.push(Date.now()));
    void Promises.when(15_000).then(() => times.push(Date.now()));
    await vi.advanceTimersByTimeAsync(5000);
    expect(times).toEqual([13_000, 15_000]);
  });
});

describe("inferTypes", () => {
  const infer = (values: string[]): unknown[] =>
    inferTypes(
      values.map((value) => ({value}) as Record<string, unknown>),
      ["value"]
    ).map((row) => row.value);

  test("numbers, with NaN for what is missing", () => {
    expect(infer(["1", " 2.5 ", ""])).toEqual([1, 2.5, Number.NaN]);
  });

  test("booleans, with null for what is missing", () => {
    expect(infer(["true", "FALSE", ""])).toEqual([true, false, null]);
  });

  test("dates, in the ISO and the American form", () => {
    expect(infer(["2024-02-29", "2024-03-01T10:00:00Z", ""])).toEqual([
      new Date("2024-02-29"),
      new Date("2024-03-01T10:00:00Z"),
      null
    ]);
    expect((infer(["3/14/2015"])[0] as Date).getFullYear()).toBe(2015);
  });

  test("a tenth of a column may disagree, more may not", () => {
    const mostly = [...Array(9).fill("7"), "n/a"];
    expect(infer(mostly)).toEqual([...Array(9).fill(7), Number.NaN]);
    expect(infer(["7", "n/a"])).toEqual(["7", "n/a"]);
  });

  test("a column of blanks stays text", () => {
    expect(infer(["", " "])).toEqual(["", " "]);
  });
});

describe("spreadsheet references", () => {
  test("columns are named A to Z, AA, AB ... and read back", () => {
    expect([0, 25, 26, 27, 51, 52, 701, 702].map(toColumn)).toEqual([
      "A",
      "Z",
      "AA",
      "AB",
      "AZ",
      "BA",
      "ZZ",
      "AAA"
    ]);
    for (const index of [0, 25, 26, 701, 702, 16_383])
      expect(parseReference(toColumn(index)).column).toBe(index);
  });

  test("ranges may be open on any side", () => {
    expect(parseRange("B2:C9")).toEqual([
      {column: 1, row: 1},
      {column: 2, row: 8}
    ]);
    expect(parseRange("3:")).toEqual([
      {column: undefined, row: 2},
      {column: undefined, row: undefined}
    ]);
    expect(() => parseRange("everything")).toThrow("is not a range");
  });
});

test("a file's type is told by its extension", () => {
  expect(["a/b.CSV", "x.tar.zip", "README", ".csv"].map(mimeTypeOf)).toEqual([
    "text/csv",
    "application/zip",
    "application/octet-stream",
    "application/octet-stream"
  ]);
});
