/** Rows and columns of a rectangle, first and last included. */
export interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** A cell by its place in the grid; row -1 is the header. */
export interface Place {
  row: number;
  column: number;
}

/** The active cell, and the corner a selection was started from. */
export interface Selection {
  active: Place;
  anchor: Place;
}

export const start: Selection = {active: {row: 0, column: 0}, anchor: {row: 0, column: 0}};

export interface GridSize {
  rowCount: number;
  columnCount: number;
  /** Rows a page key moves. */
  pageRows: number;
}

interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

const clamp = (x: number, low: number, high: number) => Math.max(low, Math.min(high, x));

function moved({row, column}: Place, {key, ctrlKey, metaKey}: Key, size: GridSize): Place | null {
  const far = ctrlKey || metaKey;
  switch (key) {
    case "ArrowUp":
      return {row: far ? 0 : row - 1, column};
    case "ArrowDown":
      return {row: far ? size.rowCount - 1 : row + 1, column};
    case "ArrowLeft":
      return {row, column: far ? 0 : column - 1};
    case "ArrowRight":
      return {row, column: far ? size.columnCount - 1 : column + 1};
    case "PageUp":
      return {row: Math.max(0, row - size.pageRows), column};
    case "PageDown":
      return {row: row + size.pageRows, column};
    case "Home":
      return {row: far ? 0 : row, column: 0};
    case "End":
      return {row: far ? size.rowCount - 1 : row, column: size.columnCount - 1};
    default:
      return null;
  }
}

/** The selection after a key, null for a key that does not move it. With Shift the anchor stays. */
export function afterKey(selection: Selection, key: Key, size: GridSize): Selection | null {
  const isAll = key.key.toLowerCase() === "a" && (key.ctrlKey || key.metaKey);
  if (isAll) {
    const last = {row: size.rowCount - 1, column: size.columnCount - 1};
    return {active: last, anchor: {row: 0, column: 0}};
  }
  const place = moved(selection.active, key, size);
  if (!place) return null;
  const active = {
    row: clamp(place.row, key.shiftKey ? 0 : -1, size.rowCount - 1),
    column: clamp(place.column, 0, size.columnCount - 1)
  };
  return {active, anchor: key.shiftKey ? selection.anchor : active};
}

/** The rectangle between anchor and active cell; null while only a header is active. */
export function rangeOf({active, anchor}: Selection): Range | null {
  const bottom = Math.max(active.row, anchor.row);
  if (bottom < 0) return null;
  return {
    top: Math.max(0, Math.min(active.row, anchor.row)),
    bottom,
    left: Math.min(active.column, anchor.column),
    right: Math.max(active.column, anchor.column)
  };
}

/** Whether a selection is more than the active cell. */
export function isMany(range: Range | null): range is Range {
  return !!range && (range.top !== range.bottom || range.left !== range.right);
}

export function contains(range: Range | null, {row, column}: Place): boolean {
  return !!range && row >= range.top && row <= range.bottom && column >= range.left && column <= range.right;
}

/** What a key asks of the active head, null when nothing. */
export function headCommand({
  key,
  altKey,
  shiftKey
}: Pick<KeyboardEvent, "key" | "altKey" | "shiftKey">):
  | "sort"
  | "add"
  | "menu"
  | "narrower"
  | "wider"
  | null {
  if (key === "Enter" || key === " ") return shiftKey ? "add" : "sort";
  if (key === "ContextMenu" || (key === "F10" && shiftKey) || (key === "ArrowDown" && altKey)) return "menu";
  if (altKey && key === "ArrowLeft") return "narrower";
  return altKey && key === "ArrowRight" ? "wider" : null;
}
