interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Insertions and replacements in a text, by its own offsets. They must not overlap. */
export class Edits {
  #edits: Edit[] = [];
  readonly input: string;

  constructor(input: string) {
    this.input = input;
  }

  get isEmpty(): boolean {
    return this.#edits.length === 0;
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  replace(start: number, end: number, text: string): void {
    this.#edits.push({start, end, text});
  }

  /** Blanks a range but keeps its line breaks, so that the lines below keep their numbers. */
  blank(start: number, end: number): void {
    this.replace(start, end, this.input.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, " "));
  }

  toString(): string {
    let text = "";
    let index = 0;
    for (const edit of this.#edits.toSorted((a, b) => a.start - b.start)) {
      text += this.input.slice(index, edit.start) + edit.text;
      index = edit.end;
    }
    return text + this.input.slice(index);
  }
}
