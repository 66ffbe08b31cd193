// Windows over images [batch, height, width, channels]; the names are those of ../../kernels/window.ts.

/** What windows see (im2col), zeros outside the image: see ../../kernels/patches.ts. */
export function patches(
  images: usize, to: usize, batch: i32, height: i32, width: i32, channels: i32, rows: i32, columns: i32,
  strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32
): void {
  const pixel = <usize>channels << 2;
  for (let n = 0; n < batch; ++n) {
    for (let oy = 0; oy < outHeight; ++oy) {
      for (let ox = 0; ox < outWidth; ++ox) {
        for (let ky = 0; ky < rows; ++ky) {
          const y = oy * strideY + ky * dilationY - top;
          const x0 = ox * strideX - left;
          const line = images + <usize>((n * height + y) * width) * pixel;
          if (y >= 0 && y < height && dilationX == 1 && x0 >= 0 && x0 + columns <= width) {
            copy(line + <usize>x0 * pixel, to, columns * channels);
            to += <usize>columns * pixel;
            continue;
          }
          for (let kx = 0; kx < columns; ++kx) {
            const x = x0 + kx * dilationX;
            if (y >= 0 && y < height && x >= 0 && x < width) copy(line + <usize>x * pixel, to, channels);
            else memory.fill(to, 0, pixel);
            to += pixel;
          }
        }
      }
    }
  }
}

/** The transpose of `patches`: what windows hold is added up for every cell of the images. */
export function foldPatches(
  from: usize, images: usize, batch: i32, height: i32, width: i32, channels: i32, rows: i32, columns: i32,
  strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32
): void {
  const pixel = <usize>channels << 2;
  memory.fill(images, 0, <usize>(batch * height * width) * pixel);
  for (let n = 0; n < batch; ++n) {
    for (let oy = 0; oy < outHeight; ++oy) {
      for (let ox = 0; ox < outWidth; ++ox) {
        for (let ky = 0; ky < rows; ++ky) {
          const y = oy * strideY + ky * dilationY - top;
          const x0 = ox * strideX - left;
          const line = images + <usize>((n * height + y) * width) * pixel;
          if (y >= 0 && y < height && dilationX == 1 && x0 >= 0 && x0 + columns <= width) {
            add(from, line + <usize>x0 * pixel, columns * channels);
            from += <usize>columns * pixel;
            continue;
          }
          for (let kx = 0; kx < columns; ++kx) {
            const x = x0 + kx * dilationX;
            if (y >= 0 && y < height && x >= 0 && x < width) add(from, line + <usize>x * pixel, channels);
            from += pixel;
          }
        }
      }
    }
  }
}

@inline
function copy(from: usize, to: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  for (; count > 0; --count) {
    store<f32>(to, load<f32>(from));
    from += 4;
    to += 4;
  }
}

@inline
function add(from: usize, to: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    from += 16;
    to += 16;
  }
  for (; count > 0; --count) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    from += 4;
    to += 4;
  }
}

/** The largest value of each window and the number of its cell, counted by rows; what is no number wins. */
export function maxPool(
  images: usize, values: usize, winners: usize, batch: i32, height: i32, width: i32, channels: i32, rows: i32,
  columns: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, top: i32, left: i32,
  outHeight: i32, outWidth: i32
): void {
  const pixel = <usize>channels << 2;
  for (let n = 0; n < batch; ++n) {
    for (let oy = 0; oy < outHeight; ++oy) {
      for (let ox = 0; ox < outWidth; ++ox) {
        memory.fill(winners, 0xff, pixel);
        for (let ky = 0; ky < rows; ++ky) {
          const y = oy * strideY + ky * dilationY - top;
          if (y < 0 || y >= height) continue;
          for (let kx = 0; kx < columns; ++kx) {
            const x = ox * strideX + kx * dilationX - left;
            if (x < 0 || x >= width) continue;
            const at = images + <usize>((n * height + y) * width + x) * pixel;
            for (let c: usize = 0; c < pixel; c += 4) {
              const value = load<f32>(at + c);
              if (load<i32>(winners + c) == -1 || value > load<f32>(values + c) || value != value) {
                store<f32>(values + c, value);
                store<i32>(winners + c, ky * columns + kx);
              }
            }
          }
        }
        values += pixel;
        winners += pixel;
      }
    }
  }
}

/** Images in which each window has put its number at its winner. */
export function maxUnpool(
  dy: usize, winners: usize, images: usize, batch: i32, height: i32, width: i32, channels: i32, rows: i32,
  columns: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, top: i32, left: i32,
  outHeight: i32, outWidth: i32
): void {
  const pixel = <usize>channels << 2;
  memory.fill(images, 0, <usize>(batch * height * width) * pixel);
  for (let n = 0; n < batch; ++n) {
    for (let oy = 0; oy < outHeight; ++oy) {
      for (let ox = 0; ox < outWidth; ++ox) {
        for (let c: usize = 0; c < pixel; c += 4) {
          const cell = load<i32>(winners + c);
          if (cell < 0) continue;
          const y = oy * strideY + (cell / columns) * dilationY - top;
          const x = ox * strideX + (cell % columns) * dilationX - left;
          const at = images + <usize>((n * height + y) * width + x) * pixel + c;
          store<f32>(at, load<f32>(at) + load<f32>(dy + c));
        }
        dy += pixel;
        winners += pixel;
      }
    }
  }
}
