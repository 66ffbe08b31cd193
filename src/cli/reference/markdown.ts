/** Text of a docstring as Markdown: lists and code stay what they are, every other mark means itself. */
export function prose(text: string): string {
  const parts = text.split(/(`[^`]+`)/);
  return interpolationFree(parts.map((part, i) => (i % 2 === 1 ? part : escaped(part))).join(""));
}

/** The same in one line of a table. */
export function cell(text: string): string {
  return prose(text.replace(/\s+/g, " ").trim()).replaceAll("|", "\\|");
}

/** Code in a line of a table. */
export function codeCell(text: string): string {
  return interpolationFree(`\`${text.replaceAll("|", "\\|")}\``);
}

/** A block of code. */
export function block(code: string): string {
  return interpolationFree(`\`\`\`ts\n${code}\n\`\`\``);
}

/** A table; columns that are empty everywhere are left out. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = header.map((_, i) => rows.some((row) => row[i] !== ""));
  const line = (cells: readonly string[]) => `| ${cells.filter((_, i) => used[i]).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[\\*_<>[\]~#]/g, "\\$&").replaceAll("...", "\\.\\.\\.");
}

/** In a Markdown cell `${` begins a computed value; this one computes to itself. */
function interpolationFree(text: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text that stands in the cell
  return text.replaceAll("${", '${"${"}');
}
