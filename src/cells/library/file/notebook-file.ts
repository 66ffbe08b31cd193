import type {FileSource} from "./file-source.ts";
import {inferTypes} from "./infer-types.ts";
import {mimeTypeOf} from "./mime-type.ts";

export interface DelimitedOptions {
  /** One character; a comma for csv, a tab for tsv. */
  delimiter?: string;
  /** Rows as arrays instead of objects. */
  array?: boolean;
  /** true: each value by what it looks like (d3.autoType); "auto": one type a column. */
  typed?: boolean | "auto";
}

function refuse(file: NotebookFile, wanted: string): never {
  throw new TypeError(
    `${file.name} cannot be read as ${wanted}; expected a .csv, .tsv, .json, .arrow or .parquet file`
  );
}

/** A file beside the notebook, or one inside such an archive: Observable's FileAttachment. */
export class NotebookFile {
  readonly name: string;
  readonly mimeType: string;
  readonly lastModified: number | undefined;
  readonly size: number | undefined;
  readonly #source: FileSource;

  constructor(source: FileSource) {
    this.name = source.name;
    this.mimeType = source.mimeType ?? mimeTypeOf(source.name);
    this.lastModified = source.lastModified;
    this.size = source.size;
    this.#source = source;
  }

  url(): Promise<string> {
    return this.#source.url();
  }

  async blob(): Promise<Blob> {
    return (await this.#source.open()).blob();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.#source.open()).arrayBuffer();
  }

  async text(encoding = "utf-8"): Promise<string> {
    return new TextDecoder(encoding).decode(await this.arrayBuffer());
  }

  async json(): Promise<unknown> {
    return (await this.#source.open()).json();
  }

  async stream(): Promise<ReadableStream<Uint8Array> | null> {
    return (await this.#source.open()).body;
  }

  async dsv({delimiter = ",", array = false, typed = false}: DelimitedOptions = {}): Promise<unknown[]> {
    const [text, {autoType, dsvFormat}] = await Promise.all([this.text(), import("d3-dsv")]);
    const format = dsvFormat(delimiter);
    if (array) return typed ? format.parseRows(text, autoType) : format.parseRows(text);
    if (typed === true) return format.parse(text, autoType);
    const rows = format.parse(text);
    return typed === "auto" ? inferTypes(rows, rows.columns) : rows;
  }

  csv(options?: DelimitedOptions): Promise<unknown[]> {
    return this.dsv({...options, delimiter: ","});
  }

  tsv(options?: DelimitedOptions): Promise<unknown[]> {
    return this.dsv({...options, delimiter: "\t"});
  }

  async image(properties: Partial<HTMLImageElement> = {}): Promise<HTMLImageElement> {
    const image = Object.assign(new Image(), properties);
    const src = await this.url();
    await new Promise<void>((resolve, reject) => {
      image.onload = () => resolve();
      image.onerror = () => reject(new Error(`${this.name} is missing or is not an image`));
      image.src = src;
    });
    return image;
  }

  async xml(mimeType: DOMParserSupportedType = "application/xml"): Promise<Document> {
    return new DOMParser().parseFromString(await this.text(), mimeType);
  }

  html(): Promise<Document> {
    return this.xml("text/html");
  }

  /** An Apache Arrow table of an IPC file or stream. */
  async arrow(): Promise<unknown> {
    const [arrow, bytes] = await Promise.all([this.#source.arrow(), this.arrayBuffer()]);
    return arrow.tableFromIPC(new Uint8Array(bytes));
  }

  /** An Apache Arrow table of a Parquet file. */
  async parquet(): Promise<unknown> {
    const [{readParquet}, arrow, bytes] = await Promise.all([
      import("./parquet.ts"),
      this.#source.arrow(),
      this.arrayBuffer()
    ]);
    return readParquet(bytes, arrow);
  }

  /** An Arquero table of delimited text, JSON, Arrow or Parquet; options as Arquero's readers take them. */
  async arquero(options: Record<string, unknown> = {}): Promise<unknown> {
    const aq = await import("arquero");
    switch (this.mimeType) {
      case "application/json":
        return aq.fromJSON(await this.text(), options);
      case "text/tab-separated-values":
        return aq.fromCSV(await this.text(), {delimiter: "\t", ...options});
      case "text/csv":
        return aq.fromCSV(await this.text(), options);
    }
    if (/\.arrow$/i.test(this.name)) return aq.fromArrow(await this.arrayBuffer(), options);
    if (/\.parquet$/i.test(this.name)) return aq.from((await this.parquet()) as object[]);
    return refuse(this, "an Arquero table");
  }

  async zip(): Promise<unknown> {
    const [{ZipArchive}, bytes] = await Promise.all([import("./zip.ts"), this.arrayBuffer()]);
    const {arrow} = this.#source;
    return new ZipArchive(new Uint8Array(bytes), (source) => new NotebookFile({...source, arrow}));
  }

  async xlsx(): Promise<unknown> {
    const [{Workbook}, bytes] = await Promise.all([import("./workbook.ts"), this.arrayBuffer()]);
    return new Workbook(new Uint8Array(bytes));
  }
}
