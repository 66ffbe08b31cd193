// Texts for language models: characters (Unicode code points) are the tokens.
import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Dataset} from "../dataset.ts";
import {DatasetError} from "../dataset-error.ts";
import type {DataSource} from "../source.ts";
import {checkLength, decodeText} from "./decode-text.ts";
import {type DataFile, hashOfFiles, readFiles} from "./read-files.ts";

export interface TextOptions {
  /** Characters of a window, 64 by default: a row is a window, and each of its characters predicts the next. */
  length?: number;
  /** Share of the text for validation, behind what is trained on; 0.1 by default. */
  validation?: number;
  /** Share of the text for testing, at its end; 0.1 by default. */
  test?: number;
  name?: string;
  attribution?: string;
}

/** A text in three parts, one after the other, with one vocabulary. */
export interface TextSets {
  /** Windows that begin at every character. */
  train: Dataset;
  /** Windows one after another, so that every character is predicted once. */
  validation: Dataset;
  test: Dataset;
  /** The characters that occur, in the order of their code points. */
  vocabulary: string[];
}

/**
 * A text, or several one after the other, or all .txt files of a folder that was picked (by name), as characters.
 * @throws DatasetError for what is no UTF-8 or too short, MissingDataError for what is not there.
 *
 * @example
 * import {decodeTokens, gatherRows, text} from "petri/datasets";
 *
 * const file = new File(["she sells sea shells by the sea shore"], "shells.txt");
 * const {train: seen, vocabulary} = await text(file, {length: 8, validation: 0, test: 0});
 * const {inputs, labels} = gatherRows(seen, [0]);
 * display({window: decodeTokens(inputs, vocabulary), next: decodeTokens(labels, vocabulary)});
 */
export async function text(
  source: DataSource | readonly DataSource[] | FileSystemDirectoryHandle,
  options: TextOptions = {}
): Promise<TextSets> {
  const {length = 64, validation = 0.1, test = 0.1} = options;
  checkCount("length", length);
  checkNumber("validation", validation, 0, 1);
  checkNumber("test", test, 0, 1);
  if (validation + test >= 1) {
    throw new ArgumentError(
      `validation and test must leave something to train on: expected less than 1 together, got ${validation} and ${test}.`
    );
  }
  const sources = isFolder(source) ? await textsOf(source) : ([source].flat() as DataSource[]);
  return readFiles(sources, {
    reader: "text",
    options: {...options, length, validation, test},
    parse: (files) => makeSets(files, {...options, length, validation, test})
  });
}

/** A text's characters as numbers of the vocabulary. @throws DatasetError for a character that is not in it. */
export function encodeText(content: string, vocabulary: readonly string[]): Int32Array {
  const codeOf = new Map(vocabulary.map((character, code) => [character, code]));
  // Into one array: a list of all characters would take many times the text.
  const tokens = new Int32Array(content.length);
  let count = 0;
  for (const character of content) {
    const code = codeOf.get(character);
    if (code === undefined) {
      throw new DatasetError(
        `Character ${count} of the text, “${character}”, is not in the vocabulary of ${vocabulary.length} characters.`
      );
    }
    tokens[count++] = code;
  }
  return count === tokens.length ? tokens : tokens.slice(0, count);
}

/** The text of tokens. @throws DatasetError for a number that is none of the vocabulary's. */
export function decodeTokens(tokens: ArrayLike<number>, vocabulary: readonly string[]): string {
  return Array.from(tokens, (token, i) => {
    const character = vocabulary[token];
    if (character !== undefined) return character;
    throw new DatasetError(`Token ${i}: expected a number from 0 to ${vocabulary.length - 1}, got ${token}.`);
  }).join("");
}

const isFolder = (source: unknown): source is FileSystemDirectoryHandle =>
  (source as FileSystemDirectoryHandle | null)?.kind === "directory";

async function textsOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = [];
  for await (const handle of (folder as unknown as {values(): AsyncIterable<FileSystemHandle>}).values()) {
    if (handle.kind === "file" && /\.txt$/i.test(handle.name))
      files.push(await (handle as FileSystemFileHandle).getFile());
  }
  if (files.length === 0) throw new DatasetError(`The folder ${folder.name} has no .txt files.`);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Settings = TextOptions & Required<Pick<TextOptions, "length" | "validation" | "test">>;

async function makeSets(files: readonly DataFile[], options: Settings): Promise<TextSets> {
  const {length, validation, test, name = files[0]?.name ?? "text", attribution} = options;
  if (files.length === 0) throw new ArgumentError("text: pass at least one source.");
  checkLength(
    name,
    files.reduce((sum, {bytes}) => sum + bytes.length + 1, -1)
  );
  const content = files.map((file) => decodeText(file.name, file.bytes)).join("\n");
  const vocabulary = [...new Set(content)].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
  const tokens = encodeText(content, vocabulary);
  const testFrom = tokens.length - Math.round(tokens.length * test);
  const validationFrom = testFrom - Math.round(tokens.length * validation);
  const hash = await hashOfFiles(files);
  const part = (label: string, share: number, [from, to]: [number, number], stride: number): Dataset => {
    const piece = tokens.slice(from, to);
    if (share > 0 && piece.length <= length) {
      throw new DatasetError(
        `${name}: the part for ${label} has ${piece.length} characters; expected more than length (${length}). Take a longer text, a shorter length or another share.`
      );
    }
    const data: Dataset = {
      name: `${name} (${label})`,
      inputs: new Float32Array(),
      inputShape: [length],
      labels: new Int32Array(),
      classes: vocabulary,
      tokens: piece,
      stride,
      hash
    };
    return attribution ? {...data, attribution} : data;
  };
  return {
    train: part("train", 1, [0, validationFrom], 1),
    validation: part("validation", validation, [validationFrom, testFrom], length),
    test: part("test", test, [testFrom, tokens.length], length),
    vocabulary
  };
}
