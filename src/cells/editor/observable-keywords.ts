import {syntaxTree} from "@codemirror/language";
import {Prec} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate
} from "@codemirror/view";

const keyword = Decoration.mark({class: "tok-keyword"});
const code = /^(?:VariableName|VariableDefinition|ExpressionStatement|Script|⚠)$/;

const matcher = new MatchDecorator({
  regexp: /\b(?:viewof|mutable)(?=\s+[\p{L}_$])/gu,
  decorate(add, from, to, _, view) {
    if (code.test(syntaxTree(view.state).resolveInner(from, 1).name)) add(from, to, keyword);
  }
});

/** Observable JavaScript has two keywords more than JavaScript's grammar knows. */
export const observableKeywords = Prec.highest(
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = matcher.createDeco(view);
      }
      update(update: ViewUpdate): void {
        this.decorations = matcher.updateDeco(update, this.decorations);
      }
    },
    {decorations: (plugin) => plugin.decorations}
  )
);
