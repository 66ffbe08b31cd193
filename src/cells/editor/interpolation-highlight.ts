import {javascriptLanguage} from "@codemirror/lang-javascript";
import {Prec, RangeSetBuilder} from "@codemirror/state";
import {Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate} from "@codemirror/view";
import {highlightTree} from "@lezer/highlight";
import {highlighter} from "./highlight.ts";
import {findInterpolations} from "./interpolations.ts";

const region = Decoration.mark({class: "cm-interpolation"});

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const source = view.state.doc.toString();
  for (const {from, to} of findInterpolations(source)) {
    builder.add(from, to, region);
    const start = from + 2;
    const code = source.slice(start, source[to - 1] === "}" ? to - 1 : to);
    highlightTree(javascriptLanguage.parser.parse(code), highlighter, (a, b, classes) => {
      builder.add(start + a, start + b, Decoration.mark({class: classes}));
    });
  }
  return builder.finish();
}

/** Colours `${...}` in text cells as JavaScript, over what the text's own language makes of it. */
export const interpolationHighlight = Prec.highest(
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = decorate(view);
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) this.decorations = decorate(update.view);
      }
    },
    {decorations: (plugin) => plugin.decorations}
  )
);
