import {afterEach, beforeEach, describe, expect, test} from "vitest";
import {type CsvOptions, configureDatasets, csv, DatasetError} from "../../../src/ops/datasets/index.ts";
import {bytesOf} from "./files.ts";

const read = (text: string, options: CsvOptions) => csv(new File([text], "a.csv"), options);

describe("csv", () => {
  test("has numbers as they are, categories one-hot, and classes of text in their order", async () => {
    const data = await read('size,colour,kind\r\n1.5,red,b\r\n-2e1,"blue",a\r\n', {target: "kind"});
    expect(data.features).toEqual(["size", "colour=blue", "colour=red"]);
    expect(data.inputShape).toEqual([3]);
    expect(Array.from(data.inputs)).toEqual([1.5, 0, 1, -20, 1, 0]);
    expect(data.classes).toEqual(["a", "b"]);
    expect(Array.from(data.labels)).toEqual([1, 0]);
    expect(data.targets).toBeUndefined();
  });

  test("regresses numbers, one or several", async () => {
    const one = await read("a,b,c\n1,2,3\n4,5,6", {target: "b"});
    expect([Array.from(one.inputs), Array.from(one.targets ?? [])]).toEqual([
      [1, 3, 4, 6],
      [2, 5]
    ]);
    expect([one.targetShape, one.labels.length]).toEqual([[], 0]);
    const two = await read("a,b,c\n1,2,3\n4,5,6", {target: ["c", "a"]});
    expect([two.targetShape, Array.from(two.targets ?? [])]).toEqual([[2], [3, 1, 6, 4]]);
  });

  test("takes numbers as classes when asked, in the order of their size", async () => {
    const data = await read("x,y\n0,10\n0,9\n0,10", {target: "y", task: "classification"});
    expect([data.classes, Array.from(data.labels)]).toEqual([
      ["9", "10"],
      [1, 0, 1]
    ]);
  });

  test("has quoted separators, quotes and line breaks in fields", async () => {
    const data = await read('x,"a, ""b"""\n1,"p\nq"\n2,"r, s"', {target: 'a, "b"'});
    expect(data.classes).toEqual(["p\nq", "r, s"]);
  });

  test("takes chosen columns, another separator and no header", async () => {
    const data = await read("1;2;3;4\n5;6;7;8\n", {
      header: false,
      delimiter: ";",
      target: "column 4",
      inputs: ["column 3", "column 1"]
    });
    expect(Array.from(data.inputs)).toEqual([3, 1, 7, 5]);
    const rest = await read("a,id,t\n1,x,2", {target: "t", ignore: ["id"]});
    expect(rest.features).toEqual(["a"]);
  });

  test("leaves out rows in which something is missing, when asked", async () => {
    const data = await read("a,note,t\n1,,2\n,x,3\nNA,x,4\n5,x,6\n", {
      target: "t",
      missing: "drop",
      ignore: ["note"]
    });
    expect([Array.from(data.inputs), Array.from(data.targets ?? [])]).toEqual([
      [1, 5],
      [2, 6]
    ]);
  });

  test("passes over a byte order mark and empty lines, also at the end", async () => {
    const data = await read("\ufeffa,t\n\n1,2\n\n3,4\n\n", {target: "t"});
    expect([data.features, Array.from(data.inputs)]).toEqual([["a"], [1, 3]]);
  });
});

describe("damaged CSV", () => {
  const target = {target: "t"};
  test.each<[string, string, CsvOptions, string]>([
    [
      "too few fields",
      "a,t\n1,2\n3\n",
      target,
      "a.csv, line 3: expected 2 fields as in the first line, found 1"
    ],
    [
      "too many fields",
      'a,t\n"1\n1",2\n3,4,5\n',
      target,
      "line 4: expected 2 fields as in the first line, found 3"
    ],
    [
      "a quote that stays open",
      'a,t\n1,2\n"3,4\n5,6\n',
      target,
      "line 3: expected fields as RFC 4180 has them, found a quote that is never closed"
    ],
    [
      "text behind a quote",
      'a,t\n"1"x,2\n',
      target,
      "line 2: expected fields as RFC 4180 has them, found “x” after a closing quote"
    ],
    ["a quote in a plain field", 'a,t\n5" pipe,2\n', target, 'found a quote inside the field “5" pipe,2'],
    [
      "no number among numbers",
      "a,t\n1,2\n\nx,4\n",
      target,
      'line 4: expected a number in the column “a”, found “x”. If its values are names, pass categorical: ["a"]'
    ],
    ["half a number", "a,t\n1,2\n3px,4\n", target, "found “3px”"],
    ["an infinite number", "a,t\n1,2\n1e999,4\n", target, "found “1e999”"],
    [
      "a missing value",
      "a,t\n1,2\n,4\n",
      target,
      'line 3: expected a value in the column “a”, found none. Pass missing: "drop"'
    ],
    ["no such column", "a,t\n1,2\n", {target: "y"}, "a.csv has no column “y”; it has a, t."],
    ["no such column to ignore", "a,t\n1,2\n", {target: "t", ignore: ["i"]}, "no column “i”"],
    ["a name twice", "a,a\n1,2\n", {target: "a"}, "line 1: expected different column names, found “a” twice"],
    ["only a target", "t\n1\n", target, "at least one column to predict from"],
    ["no rows", "a,t\n", target, "expected rows of data, found none"],
    ["nothing", "", target, "found an empty file"],
    ["only incomplete rows", "a,t\n,1", {target: "t", missing: "drop"}, "found none that are complete"],
    [
      "classes to regress",
      "a,t\n1,x",
      {target: "t", task: "regression"},
      "expected numbers to predict, and t has text, such as “x”"
    ],
    ["two columns of classes", "a,t,u\n1,x,y", {target: ["t", "u"]}, "expected numbers to predict"],
    [
      "a separator of two characters",
      "a,t\n1,2",
      {target: "t", delimiter: "::"},
      "delimiter must be one character"
    ]
  ])("%s", async (_, text, options, message) => {
    const error = await read(text, options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(message);
  });

  test.each<[string, string, CsvOptions, string]>([
    [
      "a number beyond float32",
      "a,t\n1,2\n1e39,4\n",
      target,
      'line 3: expected a number in the column “a”, found “1e39”. If its values are names, pass categorical: ["a"]; numbers go up to 3.4e38'
    ],
    [
      "text in the first row of numbers",
      "a,t\n3px,2\n4,4\n",
      target,
      "line 2: expected a number in the column “a” as in line 3, found “3px”"
    ],
    ["a zero byte", "a,t\n1\0,2\n", target, "a.csv, byte 5: expected text, found a zero byte"],
    ["a name twice after spaces", "a, a,t\n1,2,3\n", target, "line 1: expected different column names"],
    [
      "no target",
      "a,t\n1,2\n",
      undefined as never,
      'a.csv: expected the column to predict, as {target: "name"}; it has a, t.'
    ],
    ["an empty list of targets", "a,t\n1,2\n", {target: []}, "expected the column to predict"]
  ])("%s", async (_, text, options, message) => {
    const error = await read(text, options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(message);
  });

  test("an unknown choice is told", async () => {
    await expect(read("a,t\n1,2\n", {target: "t", task: "regress" as never})).rejects.toThrow(
      'task must be "classification" or "regression", got “regress”'
    );
    await expect(read("a,t\n1,2\n", {target: "t", missing: "ignore" as never})).rejects.toThrow(
      'missing must be "refuse" or "drop", got “ignore”'
    );
  });

  test("a message shows the end of a long field, not all of it", async () => {
    const error = await read(`a,t\n${"x".repeat(100_000)}"y,2`, target).catch((thrown) => thrown);
    expect(error.message).toContain('xxx"y,2');
    expect(error.message.length).toBeLessThan(400);
  });

  test("a line with more fields than a table has columns is refused", async () => {
    await expect(read(",".repeat(1_100_000), target)).rejects.toThrow(
      "line 1: expected fields as RFC 4180 has them, found more than 1048576 fields in a line"
    );
  });

  test("a table of many columns is read in time that grows with their number", async () => {
    const names = Array.from({length: 100_000}, (_, i) => `c${i}`);
    const data = await read(`${names.join()}\n${names.fill("1").join()}`, {target: "c7"});
    expect([data.inputShape, data.targets?.length]).toEqual([[99_999], 1]);
  });

  describe("with a small largest file", () => {
    const nothing = {fetchBytes: () => Promise.reject(new Error("none"))};
    beforeEach(() => configureDatasets({...nothing, largestFile: 160}));
    afterEach(() => configureDatasets(nothing));

    test("more fields than can be held are refused on their line", async () => {
      const rows = (count: number) => bytesOf(`a,t\n${"1,2\n".repeat(count)}`);
      expect((await csv(rows(5), target)).targets?.length).toBe(5);
      await expect(csv(rows(6), target)).rejects.toThrow("line 7: expected at most 10 fields in all");
    });

    test("more text than a string holds is refused", async () => {
      await expect(csv(bytesOf(`a,t\n${" ".repeat(60)}`), target)).rejects.toThrow(
        "expected at most 56 bytes of text at once, found 64. Split the file"
      );
    });
  });

  test("free text is not made into thousands of columns", async () => {
    const rows = Array.from({length: 1001}, (_, i) => `w${i},1`).join("\n");
    await expect(read(`a,t\n${rows}`, target)).rejects.toThrow(
      "“a” has 1001 different values, more than the 1000 categories"
    );
  });

  test("what is no UTF-8 is told by its byte", async () => {
    const bytes = bytesOf("a,t\nä,1\nx,2\n");
    bytes[9] = 0xff;
    await expect(csv(bytes, target)).rejects.toThrow(
      "byte 9: expected UTF-8 text, found no character at the byte 0xff"
    );
    await expect(csv(bytesOf("a,t\n1,2\nxyé").subarray(0, -1), target)).rejects.toThrow(
      "byte 10: expected UTF-8 text, found no character at the byte 0xc3"
    );
  });
});
