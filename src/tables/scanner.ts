/** Where in SQL text a position is: only in code can a value stand. */
type Place = "code" | "string" | "escape string" | "name" | "line comment" | "block comment" | "dollar quote";

/** Follows SQL text through quotes and comments, piece by piece. */
export class Scanner {
  place: Place = "code";
  private depth = 0;
  private tag = "";

  /** Reads a piece of SQL; `onMark` is told where in its code the character `mark` stands. */
  read(text: string, mark?: string, onMark?: (index: number) => void): void {
    this.follow(text, (place, index) => {
      if (place === "code" && text[index] === mark) onMark?.(index);
    });
  }

  /** Reads a piece of SQL; `visit` is told of each step in it, where it begins and ends and the places before and after. */
  follow(text: string, visit: (place: Place, start: number, end: number, next: Place) => void): void {
    for (let i = 0; i < text.length; ) {
      const {place} = this;
      const start = i;
      i += this.step(text, i);
      visit(place, start, i, this.place);
    }
  }

  /** Takes the token at `i` and returns its length. */
  private step(text: string, i: number): number {
    switch (this.place) {
      case "code":
        return this.open(text, i);
      case "string":
        return this.close(text, i, "'");
      case "escape string":
        return text[i] === "\\" || text.startsWith("''", i) ? 2 : this.close(text, i, "'");
      case "name":
        return this.close(text, i, '"');
      case "line comment":
        return this.close(text, i, "\n");
      case "dollar quote":
        return this.close(text, i, this.tag);
      case "block comment":
        return this.nest(text, i);
    }
  }

  private open(text: string, i: number): number {
    const two = text.slice(i, i + 2);
    if (two === "--") return this.enter("line comment", 2);
    if (two === "/*") {
      this.depth = 1;
      return this.enter("block comment", 2);
    }
    if (text[i] === "'") {
      const escaped = /(^|[^\w$])[eE]$/.test(text.slice(Math.max(0, i - 2), i));
      return this.enter(escaped ? "escape string" : "string", 1);
    }
    if (text[i] === '"') return this.enter("name", 1);
    if (text[i] === "$" && !/[\w$]/.test(text[i - 1] ?? "")) {
      const tag = /^\$([A-Za-z_]\w*)?\$/.exec(text.slice(i, i + 80))?.[0];
      if (tag) {
        this.tag = tag;
        return this.enter("dollar quote", tag.length);
      }
    }
    return 1;
  }

  private enter(place: Place, length: number): number {
    this.place = place;
    return length;
  }

  /** A doubled quote ends and at once opens again, which comes to the same. */
  private close(text: string, i: number, end: string): number {
    if (!text.startsWith(end, i)) return 1;
    return this.enter("code", end.length);
  }

  private nest(text: string, i: number): number {
    const two = text.slice(i, i + 2);
    if (two === "/*") this.depth++;
    else if (two === "*/") this.depth--;
    else return 1;
    if (this.depth === 0) this.place = "code";
    return 2;
  }
}
