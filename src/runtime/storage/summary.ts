/** What a list shows of a notebook, read from its text without a DOM: its title and its first paragraph. */
export function summarize(text: string): {title: string; summary: string} {
  const title = unescapeHtml(text.match(/<title[^>]*>([^<]*)<\/title>/i)?.[1] ?? "").trim() || "Untitled";
  return {title, summary: firstParagraph(text)};
}

function firstParagraph(text: string): string {
  for (const [, attributes, source] of text.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/gi)) {
    if (/type="text\/markdown"/.test(attributes)) {
      for (const block of source
        .replace(/^ {4}/gm, "")
        .trim()
        .split(/\n\s*\n/)) {
        const plain = plainMarkdown(block.trim());
        if (plain) return clip(plain);
      }
    }
    if (/type="text\/html"/.test(attributes)) {
      const paragraph = source.match(/<p[^>]*>([\s\S]*?)<\/p>/i)?.[1];
      if (paragraph) return clip(unescapeHtml(paragraph.replace(/<[^>]+>/g, "")));
    }
  }
  return "";
}

/** The text of a Markdown paragraph; empty for headings, lists, code, tables, raw HTML and computed text. */
function plainMarkdown(block: string): string {
  const body = block.replace(/^(#{1,6}[^\n]*\n*)+/, "").trim();
  if (!body || /^([-*+] |\d+\. |>|```|~~~|\||<|\$\{|---|={3})/.test(body)) return "";
  return body
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`]+([^*_`]+)[*_`]+/g, "$1")
    .replace(/\$\{[^}]*\}/g, "…");
}

function clip(text: string): string {
  const plain = text.replace(/\s+/g, " ").trim();
  if (plain.length <= 240) return plain;
  return `${plain.slice(0, 239).replace(/\s+\S*$/, "")}…`;
}

const ENTITIES: Record<string, string> = {amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " "};

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, name) =>
    code ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? whole)
  );
}
