import {strFromU8, unzipSync} from "fflate";
import {type CellReference, parseRange, toColumn} from "./cell-reference.ts";
import {readSheet, type Sheet, type WorkbookParts} from "./sheet.ts";

export interface SheetOptions {
  /** As in a spreadsheet: "A1:C9", "B:D", "3:", ":" for all. */
  range?: string;
  /** The first row of the range names the columns. */
  headers?: boolean;
}

type Row = Record<string, unknown>;

function elements(document: Document | undefined, name: string): Element[] {
  return document ? Array.from(document.getElementsByTagNameNS("*", name)) : [];
}

/** The number formats that show a date: built-in ones by id, others by the letters that they use. */
function dateStyles(styles: Document | undefined): boolean[] {
  const custom = new Map(
    elements(styles, "numFmt").map((format) => [
      format.getAttribute("numFmtId"),
      format.getAttribute("formatCode") ?? ""
    ])
  );
  const [cellFormats] = elements(styles, "cellXfs");
  return Array.from(cellFormats?.children ?? [], (format) => {
    const id = Number(format.getAttribute("numFmtId"));
    if ((id >= 14 && id <= 22) || (id >= 45 && id <= 47)) return true;
    const code = custom.get(`${id}`) ?? "";
    return /[ymdhs]/i.test(code.replace(/"[^"]*"|\[[^\]]*\]|\\./g, ""));
  });
}

/** An Excel (.xlsx) file. */
export class Workbook {
  readonly sheetNames: string[];
  readonly #parts: WorkbookParts;
  readonly #paths: string[];

  constructor(bytes: Uint8Array) {
    const entries = unzipSync(bytes, {filter: ({name}) => /\.(xml|rels)$/.test(name)});
    const parse = (path: string): Document | undefined => {
      const entry = entries[path];
      return entry && new DOMParser().parseFromString(strFromU8(entry), "application/xml");
    };
    const workbook = parse("xl/workbook.xml");
    if (!workbook)
      throw new TypeError("the file is not an .xlsx workbook (there is no xl/workbook.xml in it)");
    const targets = new Map(
      elements(parse("xl/_rels/workbook.xml.rels"), "Relationship").map((relation) => [
        relation.getAttribute("Id"),
        relation.getAttribute("Target") ?? ""
      ])
    );
    const sheets = elements(workbook, "sheet");
    this.sheetNames = sheets.map((sheet) => sheet.getAttribute("name") ?? "");
    this.#paths = sheets.map((sheet) => {
      const target = targets.get(sheet.getAttribute("r:id")) ?? "";
      return target.startsWith("/") ? target.slice(1) : `xl/${target}`;
    });
    this.#parts = {
      parse,
      strings: elements(parse("xl/sharedStrings.xml"), "si").map((item) => elementsText(item, "t")),
      dates: dateStyles(parse("xl/styles.xml")),
      epoch: elements(workbook, "workbookPr")[0]?.getAttribute("date1904") === "1" ? 1904 : 1900
    };
  }

  /** The rows of a sheet, by name or index: objects by column letter, or by the names in the first row. */
  sheet(
    name: string | number,
    {range = ":", headers = false}: SheetOptions = {}
  ): Row[] & {columns: string[]} {
    const index = typeof name === "number" ? name : this.sheetNames.indexOf(`${name}`);
    const path = this.#paths[index];
    if (path === undefined) {
      throw new RangeError(`there is no sheet “${name}”; the workbook has ${this.sheetNames.join(", ")}`);
    }
    return extract(readSheet(path, this.#parts), parseRange(range), headers);
  }
}

/** The text of all elements of one name inside another, but for the reading aids of Asian scripts. */
function elementsText(parent: Element, name: string): string {
  return Array.from(parent.getElementsByTagNameNS("*", name))
    .filter((element) => element.parentElement?.localName !== "rPh")
    .map((element) => element.textContent ?? "")
    .join("");
}

function columnNames(sheet: Sheet, first: number, last: number, headerRow: number | undefined): string[] {
  // "#" is every row's own number.
  const taken = new Set(["#"]);
  return Array.from({length: last - first + 1}, (_, i) => {
    const header = headerRow === undefined ? undefined : sheet.cell(headerRow, first + i);
    let name = header ? `${header}` : toColumn(first + i);
    while (taken.has(name)) name += "_";
    taken.add(name);
    return name;
  });
}

function extract(
  sheet: Sheet,
  [from, to]: [CellReference, CellReference],
  headers: boolean
): Row[] & {columns: string[]} {
  const firstColumn = from.column ?? 0;
  const lastColumn = to.column ?? sheet.columnCount - 1;
  const firstRow = from.row ?? 0;
  const names = columnNames(sheet, firstColumn, lastColumn, headers ? firstRow : undefined);
  const rows: Row[] = [];
  for (let row = firstRow + (headers ? 1 : 0); row <= (to.row ?? sheet.rowCount - 1); row += 1) {
    const output: Row = Object.defineProperty({}, "#", {value: row + 1});
    names.forEach((name, i) => {
      const value = sheet.cell(row, firstColumn + i);
      if (value != null) output[name] = value;
    });
    rows.push(output);
  }
  return Object.assign(rows, {columns: ["#", ...names]});
}
