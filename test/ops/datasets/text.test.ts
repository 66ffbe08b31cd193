import {describe, expect, test} from "vitest";
import {
  configureDatasets,
  type Dataset,
  DatasetError,
  decodeTokens,
  encodeText,
  gatherRows,
  rowCount,
  text
} from "../../../src/ops/datasets/index.ts";
import {bytesOf, folderOf} from "./files.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123";

describe("text", () => {
  test("is cut by position, with one vocabulary in the order of code points", async () => {
    const {train, validation, test, vocabulary} = await text(bytesOf(alphabet), {length: 2, test: 0.2});
    expect(vocabulary.join("")).toBe("0123abcdefghijklmnopqrstuvwxyz");
    const contentOf = ({tokens}: Dataset) => decodeTokens(tokens ?? [], vocabulary);
    expect([train, validation, test].map(contentOf)).toEqual(["abcdefghijklmnopqrstu", "vwx", "yz0123"]);
    expect([train, validation, test].map(rowCount)).toEqual([19, 1, 2]);
  });

  test("predicts every character of the test once", async () => {
    const {test, vocabulary} = await text(bytesOf(`${"x".repeat(90)}0123456789`), {length: 3, validation: 0});
    const {inputs, labels} = gatherRows(test, [0, 1, 2]);
    expect(decodeTokens(inputs, vocabulary)).toBe("012345678");
    expect(decodeTokens(labels ?? [], vocabulary)).toBe("123456789");
  });

  test("counts characters beyond 16 bits as one", async () => {
    const {vocabulary, train} = await text(bytesOf("🦉ä🦉ab"), {length: 1, validation: 0, test: 0});
    expect(vocabulary).toEqual(["a", "b", "ä", "🦉"]);
    expect(Array.from(train.tokens ?? [])).toEqual([3, 2, 3, 0, 1]);
  });

  test("reads a path, several files, and the .txt files of a folder by name", async () => {
    configureDatasets({fetchBytes: async () => bytesOf("from a path")});
    const all = {length: 1, validation: 0, test: 0};
    const read = async (source: Parameters<typeof text>[0]) => {
      const {train, vocabulary} = await text(source, all);
      return decodeTokens(train.tokens ?? [], vocabulary);
    };
    expect(await read("data/a.txt")).toBe("from a path");
    expect(await read([bytesOf("one"), new File(["two"], "b.txt")])).toBe("one\ntwo");
    const folder = folderOf({"b.txt": bytesOf("second"), "a.TXT": bytesOf("first"), "c.png": bytesOf("no")});
    expect(await read(folder)).toBe("first\nsecond");
    await expect(read(folderOf({"c.png": bytesOf("no")}))).rejects.toThrow(
      "The folder picked has no .txt files"
    );
  });

  test.each([
    [
      "too short a text",
      bytesOf("abc"),
      {length: 3, validation: 0, test: 0},
      "the part for train has 3 characters"
    ],
    [
      "too small a share",
      bytesOf(alphabet),
      {length: 3},
      "the part for validation has 3 characters; expected more than length (3)"
    ],
    [
      "Latin-1",
      Uint8Array.of(65, 0xe4, 65),
      {length: 1},
      "byte 1: expected UTF-8 text, found no character at the byte 0xe4"
    ]
  ])("refuses %s", async (_, bytes, options, message) => {
    const error = await text(bytes, options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain(message);
  });
});

test("shares that leave nothing to train on, and no source at all, are told", async () => {
  const read = (validation: number, share: number) =>
    text(bytesOf(alphabet), {length: 2, validation, test: share});
  await expect(read(0.6, 0.5)).rejects.toThrow(
    "validation and test must leave something to train on: expected less than 1 together, got 0.6 and 0.5"
  );
  await expect(read(0.5, 0.5)).rejects.toThrow("must leave something");
  await expect(read(0, 1.5)).rejects.toThrow("test must be a number between 0 and 1");
  await expect(text([])).rejects.toThrow("text: pass at least one source");
});

test("several texts that are too long together are refused before they are joined", async () => {
  const fetchBytes = () => Promise.reject(new Error("none"));
  configureDatasets({fetchBytes, largestFile: 200});
  const part = bytesOf("x".repeat(40));
  await expect(text([part, part], {length: 2})).rejects.toThrow("at most 76 bytes of text at once, found 81");
  configureDatasets({fetchBytes});
});

test("encodeText and decodeTokens name what is not in the vocabulary", () => {
  expect(Array.from(encodeText("ba", ["a", "b"]))).toEqual([1, 0]);
  expect(() => encodeText("ac", ["a", "b"])).toThrow(
    "Character 1 of the text, “c”, is not in the vocabulary of 2"
  );
  expect(() => decodeTokens([0, 2], ["a", "b"])).toThrow("Token 1: expected a number from 0 to 1, got 2");
});
