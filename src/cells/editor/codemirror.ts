import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus
} from "@codemirror/autocomplete";
import {defaultKeymap, history, historyKeymap, indentWithTab} from "@codemirror/commands";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  type LanguageSupport,
  syntaxHighlighting
} from "@codemirror/language";
import {highlightSelectionMatches, selectNextOccurrence} from "@codemirror/search";
import {EditorState, type Extension, Prec} from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  keymap,
  rectangularSelection,
  tooltips
} from "@codemirror/view";
import type {CellMode} from "../../runtime/types.ts";
import {notebookCompletions} from "./completion.ts";
import {highlighter} from "./highlight.ts";
import {interpolationHighlight} from "./interpolation-highlight.ts";
import {loadLanguage, templateModes} from "./languages.ts";
import {markField} from "./marks.ts";
import {observableKeywords} from "./observable-keywords.ts";
import type {CompletionProvider} from "./types.ts";

/** What the element listens to. */
export interface EditorHooks {
  changed(value: string): void;
  selected(): void;
  /** Shift-Enter (`advance`) or Mod-Enter. */
  run(advance: boolean): void;
  /** An arrow key that would leave the text; true when someone took it. */
  leave(direction: "up" | "down"): boolean;
  /** Escape with nothing open. */
  escape(): boolean;
  completions(): CompletionProvider | null;
}

function leaves(view: EditorView, direction: "up" | "down"): boolean {
  const {main, ranges} = view.state.selection;
  if (ranges.length > 1 || !main.empty) return false;
  return main.head === (direction === "up" ? 0 : view.state.doc.length);
}

/** Right after the list opened nothing is taken, so that a key meant for the text does not hit it; nor is it indented. */
function takeCompletion(view: EditorView): boolean {
  return acceptCompletion(view) || completionStatus(view.state) === "active";
}

function keys(hooks: EditorHooks): Extension {
  const run = (advance: boolean) => () => {
    hooks.run(advance);
    return true;
  };
  return [
    Prec.highest(
      keymap.of([
        {key: "Shift-Enter", run: run(true)},
        {key: "Mod-Enter", run: run(false)}
      ])
    ),
    keymap.of([
      {key: "ArrowUp", run: (view) => leaves(view, "up") && hooks.leave("up")},
      {key: "ArrowDown", run: (view) => leaves(view, "down") && hooks.leave("down")},
      {key: "Mod-d", run: selectNextOccurrence, preventDefault: true},
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      {key: "Tab", run: takeCompletion},
      indentWithTab,
      {key: "Escape", run: () => hooks.escape()}
    ])
  ];
}

/** Language, highlighting and completion of a mode; swapped as a whole when a cell changes its kind. */
export async function modeExtension(mode: CellMode, hooks: EditorHooks): Promise<Extension> {
  const language: Extension | LanguageSupport = await loadLanguage(mode);
  // One and the same function at each reading: CodeMirror tells sources apart by identity.
  const names = [{autocomplete: notebookCompletions(mode, hooks.completions)}];
  return [
    language,
    templateModes.has(mode) ? interpolationHighlight : [],
    mode === "ojs" ? observableKeywords : [],
    EditorState.languageData.of(() => names)
  ];
}

/** Everything that does not depend on the mode. */
export function baseExtension(hooks: EditorHooks): Extension {
  return [
    history(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    EditorView.clickAddsSelectionRange.of((event) => event.altKey && !event.shiftKey),
    rectangularSelection({eventFilter: (event) => event.altKey && event.shiftKey}),
    crosshairCursor({key: "Alt"}),
    EditorState.tabSize.of(2),
    indentUnit.of("  "),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches({minSelectionLength: 2}),
    autocompletion({icons: false, maxRenderedOptions: 60, closeOnBlur: true}),
    tooltips({parent: document.body}),
    syntaxHighlighting(highlighter),
    EditorView.lineWrapping,
    markField,
    EditorView.updateListener.of((update) => {
      if (update.docChanged) hooks.changed(update.state.doc.toString());
      if (update.selectionSet) hooks.selected();
    }),
    keys(hooks)
  ];
}
