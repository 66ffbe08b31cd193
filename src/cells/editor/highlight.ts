import {tagHighlighter, tags} from "@lezer/highlight";

/** Tokens get the classes of Notebook Kit's highlight.css, so editors and code blocks in prose share one palette. */
export const highlighter = tagHighlighter([
  {tag: tags.link, class: "tok-link"},
  {tag: [tags.heading, tags.strong], class: "tok-strong"},
  {tag: tags.emphasis, class: "tok-emphasis"},
  {tag: [tags.keyword, tags.typeName, tags.tagName], class: "tok-keyword"},
  {tag: tags.atom, class: "tok-atom"},
  {tag: [tags.bool, tags.escape, tags.number, tags.null], class: "tok-literal"},
  {tag: [tags.string, tags.regexp, tags.attributeValue, tags.monospace], class: "tok-string"},
  // Markdown's own signs (#, **, -) stand back behind the text they mark.
  {tag: [tags.comment, tags.processingInstruction], class: "tok-comment"},
  {tag: tags.variableName, class: "tok-variable"},
  {
    tag: [tags.definition(tags.variableName), tags.className, tags.propertyName, tags.attributeName],
    class: "tok-definition"
  },
  {tag: tags.meta, class: "tok-meta"}
]);
