/** Markdown, kept quiet: headings a little larger, emphasis as it will look, the marks themselves faint. */
import { defineLanguageFacet, Language, languageDataProp, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { tagHighlighter, tags } from "@lezer/highlight";
import { parser } from "@lezer/markdown";

const data = defineLanguageFacet({ commentTokens: { block: { open: "<!--", close: "-->" } } });

// An indented line is no code on this desk, a line under a line no heading, and a tag no tag.
const prose = parser.configure({
  remove: ["IndentedCode", "SetextHeading", "HTMLBlock", "HTMLTag", "LinkReference"],
  props: [languageDataProp.add((type) => (type.isTop ? data : undefined))],
});

const classes = tagHighlighter([
  { tag: tags.heading1, class: "md-h1" },
  { tag: tags.heading2, class: "md-h2" },
  { tag: [tags.heading3, tags.heading4, tags.heading5, tags.heading6], class: "md-h3" },
  { tag: tags.strong, class: "md-strong" },
  { tag: tags.emphasis, class: "md-em" },
  { tag: tags.link, class: "md-link" },
  { tag: tags.url, class: "md-mark" },
  { tag: tags.quote, class: "md-quote" },
  { tag: tags.monospace, class: "md-code" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.labelName], class: "md-mark" },
]);

export const markdown = new Language(data, prose, [], "markdown");

export const extension: Extension = [markdown, syntaxHighlighting(classes)];
