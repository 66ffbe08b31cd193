/** Browsers cut elements off at some ten million pixels; beyond this the scroll bar moves faster than the rows. */
const tallestPx = 8_000_000;

/** Rows of equal height behind a window. Sizes in pixels. */
export interface RowLayout {
  rowCount: number;
  rowHeight: number;
  viewHeight: number;
}

/** Height of the scrolled content. */
export function contentHeight({rowCount, rowHeight}: RowLayout): number {
  return Math.min(tallestPx, rowCount * rowHeight);
}

/** Pixels of rows a pixel of the scroll bar stands for. */
function scale(layout: RowLayout): number {
  const hidden = layout.rowCount * layout.rowHeight - layout.viewHeight;
  const scrolled = contentHeight(layout) - layout.viewHeight;
  return scrolled > 0 ? hidden / scrolled : 1;
}

/** The rows to draw, `first` up to but without `end`, and how far below the top of the content the first one is. */
export function visibleRows(layout: RowLayout, scrollTop: number): {first: number; end: number; top: number} {
  const {rowCount, rowHeight, viewHeight} = layout;
  const y = scrollTop * scale(layout);
  const first = Math.max(0, Math.floor(y / rowHeight) - 2);
  const end = Math.min(rowCount, Math.ceil((y + viewHeight) / rowHeight) + 2);
  return {first, end, top: scrollTop + first * rowHeight - y};
}

/** Where to scroll so that a row is in view; the same place when it is already. */
export function scrollTopFor(layout: RowLayout, row: number, scrollTop: number): number {
  const {rowHeight, viewHeight} = layout;
  const factor = scale(layout);
  const y = scrollTop * factor;
  if (row * rowHeight < y) return (row * rowHeight) / factor;
  if ((row + 1) * rowHeight > y + viewHeight) return ((row + 1) * rowHeight - viewHeight) / factor;
  return scrollTop;
}

/** The columns to draw for a horizontal position, `first` up to but without `end`; `edges` are their left sides and the end. */
export function visibleColumns(
  edges: readonly number[],
  scrollLeft: number,
  viewWidth: number
): {first: number; end: number} {
  const count = edges.length - 1;
  let first = 0;
  while (first < count - 1 && edges[first + 1] <= scrollLeft) first++;
  let end = first;
  while (end < count && edges[end] < scrollLeft + viewWidth) end++;
  return {first, end};
}

/** Has the frame of a place that scrolls fade at its right side where there is more. */
export function hintAtMore(place: HTMLElement): void {
  const {scrollWidth, scrollLeft, clientWidth, parentElement} = place;
  parentElement?.classList.toggle("more-right", scrollWidth > scrollLeft + clientWidth + 1);
}
