import {type EditorState, StateEffect, StateField, type Text} from "@codemirror/state";
import {Decoration, type DecorationSet, EditorView} from "@codemirror/view";
import type {SourceMark} from "./types.ts";

const setMarks = StateEffect.define<readonly SourceMark[]>();

function decorate(doc: Text, marks: readonly SourceMark[]): DecorationSet {
  const ranges = [];
  for (const {line: number, column, message, severity = "error"} of marks) {
    if (number < 1 || number > doc.lines) continue;
    const line = doc.line(number);
    ranges.push(
      Decoration.line({class: `cm-marked-line cm-marked-${severity}`, attributes: {title: message}}).range(
        line.from
      )
    );
    const start = column === undefined ? line.text.search(/\S/) : Math.min(column - 1, line.length);
    if (start < 0 || !line.length) continue;
    const length = column === undefined ? line.length - start : tokenLength(line.text.slice(start));
    const from = line.from + Math.min(start, line.length - 1);
    const to = Math.min(line.to, Math.max(from + 1, line.from + start + length));
    ranges.push(
      Decoration.mark({class: `cm-mark cm-mark-${severity}`, attributes: {title: message}}).range(from, to)
    );
  }
  return Decoration.set(ranges, true);
}

/** What to underline when only a start is known: the name or number there, else one character. */
function tokenLength(text: string): number {
  return /^[\p{L}\p{N}_$.]+/u.exec(text)?.[0].length ?? 1;
}

/** Holds the marks and moves them with the text until new ones are set. */
export const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) next = decorate(transaction.state.doc, effect.value);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field)
});

export function markEffect(marks: readonly SourceMark[]): StateEffect<readonly SourceMark[]> {
  return setMarks.of(marks);
}

/** Whether anything is marked, so that clearing nothing costs no transaction. */
export function hasMarks(state: EditorState): boolean {
  return state.field(markField).size > 0;
}
