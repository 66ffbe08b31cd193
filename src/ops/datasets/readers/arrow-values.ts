/** What of an Arrow table is used: any copy of the library will do. */
export interface ArrowTable {
  numRows: number;
  schema: {fields: readonly {name: string; type?: ArrowType}[]};
  getChild(name: string): Iterable<unknown> | null;
}

interface ArrowType {
  typeId?: number;
  /** Digits behind the point of a decimal. */
  scale?: number;
}

const DECIMAL = 7;
const DATE = 8;
const TIMESTAMP = 10;

/** A column's values as JavaScript has them: decimals as numbers and times as Dates, which Arrow gives as words and numbers. */
export function arrowValues(table: ArrowTable, name: string, type: ArrowType = {}): unknown[] {
  const values = Array.from(table.getChild(name) ?? []);
  if (type.typeId === DECIMAL) {
    return values.map((words) => words && decimal(words as Uint32Array, type.scale));
  }
  const isTime = type.typeId === DATE || type.typeId === TIMESTAMP;
  return isTime ? values.map((time) => (time === null ? null : new Date(Number(time)))) : values;
}

/** A number of 32-bit words, the lowest first, in two's complement. */
function decimal(words: Uint32Array, scale = 0): number {
  const whole = Array.from(words).reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  return Number(BigInt.asIntN(32 * words.length, whole)) / 10 ** scale;
}
