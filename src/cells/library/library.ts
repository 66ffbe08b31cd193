import {databaseClient, type LoadDatabase} from "./database-client.ts";
import {DOM} from "./dom.ts";
import {fileAttachments} from "./file/file-attachment.ts";
import type {LoadArrow} from "./file/file-source.ts";
import {Files} from "./files.ts";
import {Generators} from "./generators/generators.ts";
import type {Importer} from "./importer.ts";
import {Mutable} from "./mutable.ts";
import {optionalLibraries} from "./optional.ts";
import {Promises} from "./promises.ts";
import {createRequire} from "./require.ts";
import {sampleDatasets} from "./sample-datasets.ts";
import type {LoadModule} from "./shared-modules.ts";

export interface LibraryOptions {
  /** The notebook's own address: files and images are relative to it. */
  baseUrl: () => string;
  /** The element whose width is the builtin `width`. */
  root: () => Element;
  importer: Importer;
  /** The page's own packages, the same that `npm:` imports get: see sharedModules. */
  shared: Record<string, LoadModule>;
  arrow: LoadArrow;
  /** The database that cells ask as "duckdb". */
  duckdb?: LoadDatabase;
}

/** Each builtin as the runtime wants it: a function that is called when a cell first needs the name. */
export type Library = Record<string, () => unknown>;

/**
 * Observable's standard names for cells, each loaded when a cell first uses it, all from this site.
 * The page adds what is its own (display, view, db, DuckDBClient, train ...).
 */
export function createLibrary({baseUrl, root, importer, shared, arrow, duckdb}: LibraryOptions): Library {
  const page = (name: string) => (): unknown => shared[name]?.();
  const hypertext = () => import("./hypertext.ts").then(({hypertext}) => hypertext({baseUrl}));
  const FileAttachment = fileAttachments({baseUrl, arrow});
  return {
    dark: () => Generators.dark(),
    now: () => Generators.now(),
    width: () => Generators.width(root()),

    ...(duckdb && {DatabaseClient: () => databaseClient(duckdb)}),
    DOM: () => DOM,
    FileAttachment: () => FileAttachment,
    Files: () => Files,
    Generators: () => Generators,
    Mutable: () => Mutable,
    Promises: () => Promises,
    require: () => createRequire(importer),

    dot: () => import("./dot.ts").then(({dot}) => dot),
    htl: hypertext,
    html: () => hypertext().then(({html}) => html),
    md: () => import("./markdown.ts").then(({markdown}) => markdown({baseUrl})),
    svg: () => hypertext().then(({svg}) => svg),
    tex: () => import("./tex.ts").then(({tex}) => tex),

    _: page("lodash"),
    aq: page("arquero"),
    Arrow: arrow,
    d3: page("d3"),
    Inputs: page("@observablehq/inputs"),
    L: page("leaflet"),
    Plot: page("@observablehq/plot"),
    React: page("react"),
    ReactDOM: page("react-dom"),
    topojson: page("topojson-client"),

    ...optionalLibraries(importer.importModule),
    ...sampleDatasets
  };
}
