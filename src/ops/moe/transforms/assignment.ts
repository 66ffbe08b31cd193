/** Costs of rows in columns, [rows, columns]. */
export interface Costs {
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The column of every row such that the sum of costs is least and no column has more than `capacity` rows: the assignment
 * problem by shortest augmenting paths (Jonker & Volgenant 1987). With capacity 1 and a square matrix it is a permutation. There
 * must be room, rows <= columns capacity. O(rows^2 columns).
 */
export function assign({values, rows, columns}: Costs, capacity = 1): Int32Array {
  const columnOf = new Int32Array(rows).fill(-1);
  const members = Array.from({length: columns}, () => new Set<number>());
  const [u, v] = [new Float64Array(rows), new Float64Array(columns)];
  const distance = new Float64Array(columns);
  const via = new Int32Array(columns);
  const isDone = new Uint8Array(columns);
  const relax = (row: number, base: number) => {
    for (let j = 0; j < columns; ++j) {
      if (isDone[j]) continue;
      const reached = base + (values[row * columns + j] as number) - (u[row] as number) - (v[j] as number);
      if (reached >= (distance[j] as number)) continue;
      distance[j] = reached;
      via[j] = row;
    }
  };
  for (let row = 0; row < rows; ++row) {
    distance.fill(Infinity);
    isDone.fill(0);
    relax(row, 0);
    let last = nearest(distance, isDone);
    for (; (members[last] as Set<number>).size >= capacity; last = nearest(distance, isDone)) {
      isDone[last] = 1;
      for (const other of members[last] as Set<number>) relax(other, distance[last] as number);
    }
    const far = distance[last] as number;
    for (let j = 0; j < columns; ++j) {
      if (!isDone[j]) continue;
      const shift = far - (distance[j] as number);
      v[j] = (v[j] as number) - shift;
      for (const other of members[j] as Set<number>) u[other] = (u[other] as number) + shift;
    }
    u[row] = (u[row] as number) + far;
    for (let at = last; at >= 0; ) {
      const moved = via[at] as number;
      const before = columnOf[moved] as number;
      (members[at] as Set<number>).add(moved);
      members[before]?.delete(moved);
      columnOf[moved] = at;
      at = before;
    }
  }
  return columnOf;
}

function nearest(distance: Float64Array, isDone: Uint8Array): number {
  let best = -1;
  for (let j = 0; j < distance.length; ++j)
    if (!isDone[j] && (best < 0 || (distance[j] as number) < (distance[best] as number))) best = j;
  return best;
}
