/** What this folder needs of Apache Arrow, which the page supplies: one copy serves the whole page. */
export interface ArrowLibrary {
  tableFromIPC(source: unknown): unknown;
  vectorFromArray(values: readonly unknown[]): unknown;
  Table: new (columns: Record<string, unknown>) => unknown;
}

export type LoadArrow = () => Promise<ArrowLibrary>;

/** Where a file's bytes come from. */
export interface FileSource {
  name: string;
  mimeType?: string;
  lastModified?: number;
  size?: number;
  /** Fails when there is no such file. */
  open(): Promise<Response>;
  /** An address that `<img src>` and workers can read. */
  url(): Promise<string>;
  arrow: LoadArrow;
}
