import type {Specs} from "../kernel.ts";

/** A window that slides over images [batch, height, width, channels], with all that follows from its options. */
export interface Window2d {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Size of the window in cells: rows x columns. */
  readonly rows: number;
  readonly columns: number;
  readonly strideY: number;
  readonly strideX: number;
  /** Distance between the window's cells, 1 for a window without holes. */
  readonly dilationY: number;
  readonly dilationX: number;
  /** Cells outside the image before its first row and column. */
  readonly top: number;
  readonly left: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Cells of the window. */
export const cellsOf = ({rows, columns}: Window2d): number => rows * columns;

/** Positions of the window on one image. */
export const positionsOf = ({outHeight, outWidth}: Window2d): number => outHeight * outWidth;

/** Images in an input of this name: its size over that of one. */
export function batchOf(specs: Specs, name: string, sizeOfOne: number): number {
  const size = specs[name]?.shape.reduce((product, dim) => product * dim, 1) ?? 0;
  return sizeOfOne === 0 ? 0 : size / sizeOfOne;
}

const FIELDS = [
  "height",
  "width",
  "channels",
  "rows",
  "columns",
  "strideY",
  "strideX",
  "dilationY",
  "dilationX",
  "top",
  "left",
  "outHeight",
  "outWidth"
] as const;

/** The window and the number of threads as uniforms, under the same names. */
export function windowUniforms(window: Window2d, size: number) {
  const fields = FIELDS.map((name) => [name, {type: "u32", value: window[name]}] as const);
  return {...Object.fromEntries(fields), size: {type: "u32", value: size}} as Record<
    string,
    {type: "u32"; value: number}
  >;
}

/** WGSL: the row (or column) of the image under a cell of the window; negative or too large where there is none. */
export const wgslImageCell = `fn image_y(oy: u32, ky: u32) -> i32 {
  return i32(oy * args.strideY + ky * args.dilationY) - i32(args.top);
}
fn image_x(ox: u32, kx: u32) -> i32 {
  return i32(ox * args.strideX + kx * args.dilationX) - i32(args.left);
}
`;

/**
 * WGSL: runs `body` for every cell (ky, kx) of the window and the position (oy, ox) at which that cell lies on the image's
 * (y, x): the way back from an image to the windows that saw it, always in the same order.
 */
export function wgslForWindowsAt(body: string): string {
  return `for (var ky = 0u; ky < args.rows; ky++) {
    let down = i32(y + args.top) - i32(ky * args.dilationY);
    if (down < 0 || u32(down) % args.strideY != 0u) { continue; }
    let oy = u32(down) / args.strideY;
    if (oy >= args.outHeight) { continue; }
    for (var kx = 0u; kx < args.columns; kx++) {
      let across = i32(x + args.left) - i32(kx * args.dilationX);
      if (across < 0 || u32(across) % args.strideX != 0u) { continue; }
      let ox = u32(across) / args.strideX;
      if (ox >= args.outWidth) { continue; }
      ${body}
    }
  }`;
}

/** Numbers of one image. */
export const imageSize = ({height, width, channels}: Window2d) => height * width * channels;

/** WGSL: channel, place and image of element i of images. */
export const wgslPixel = `  let c = i % args.channels;
  var rest = i / args.channels;
  let x = rest % args.width;
  rest /= args.width;
  let y = rest % args.height;
  let n = rest / args.height;`;

/** True where some window sees cells beside the image. */
export function leavesImage(window: Window2d): boolean {
  const {top, left, outHeight, outWidth, strideY, strideX, rows, columns, dilationY, dilationX} = window;
  const bottom = (outHeight - 1) * strideY + (rows - 1) * dilationY - top;
  const right = (outWidth - 1) * strideX + (columns - 1) * dilationX - left;
  return top > 0 || left > 0 || bottom >= window.height || right >= window.width;
}

/** Calls back for every cell of every window that lies on the image, by rows: numbers of the pixel, the position and the cell. */
export function forEachCell(
  window: Window2d,
  batch: number,
  visit: (pixel: number, position: number, cell: number) => void
): void {
  const {height, width, rows, columns, strideY, strideX, dilationY, dilationX, top, left} = window;
  let position = 0;
  for (let n = 0; n < batch; ++n)
    for (let oy = 0; oy < window.outHeight; ++oy)
      for (let ox = 0; ox < window.outWidth; ++ox, ++position)
        for (let ky = 0; ky < rows; ++ky) {
          const y = oy * strideY + ky * dilationY - top;
          if (y < 0 || y >= height) continue;
          for (let kx = 0; kx < columns; ++kx) {
            const x = ox * strideX + kx * dilationX - left;
            if (x < 0 || x >= width) continue;
            visit((n * height + y) * width + x, position, ky * columns + kx);
          }
        }
}
