import { EditorSelection, EditorState, type StateCommand } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { continued, emphasis, link, prefix } from "../../src/editor/formatting";
import { extension } from "../../src/editor/prose";

/** Runs a command on a text in which | are the ends of the selection, and says it the same way. */
function done(text: string, ...commands: StateCommand[]): string {
  const [before = "", inside, after] = text.split("|");
  const [anchor, head] = [before.length, before.length + (after === undefined ? 0 : (inside ?? "").length)];
  const doc = text.replaceAll("|", "");
  let state = EditorState.create({ doc, selection: EditorSelection.range(anchor, head), extensions: [extension] });
  for (const command of commands) command({ state, dispatch: (transaction) => (state = transaction.state) });
  const { from, to, empty } = state.selection.main;
  const said = state.doc.toString();
  return said.slice(0, from) + "|" + (empty ? said.slice(from) : said.slice(from, to) + "|" + said.slice(to));
}

const [bold, italic] = [emphasis("**"), emphasis("*")];

describe("emphasis", () => {
  it("goes around the selection and away again", () => {
    expect(done("a |word| b", bold)).toBe("a **|word|** b");
    expect(done("a **|word|** b", bold)).toBe("a |word| b");
    expect(done("a |**word**| b", bold)).toBe("a |word| b");
  });
  it("takes the word at the cursor", () => {
    expect(done("a wo|rd b", bold)).toBe("a **wo|rd** b");
    expect(done("a **wo|rd** b", bold)).toBe("a wo|rd b");
  });
  it("waits for words where there are none", () => expect(done("a | b", bold)).toBe("a **|** b"));
  it("tells bold from italic", () => {
    expect(done("a |word| b", bold, italic)).toBe("a ***|word|*** b");
    expect(done("a |word| b", bold, italic, italic)).toBe("a **|word|** b");
    expect(done("**|word|**", italic)).toBe("***|word|***");
  });
  it("does not reach over paragraphs, nor over the space at an edge", () => {
    expect(done("|One.\n\nTwo. |", bold)).toBe("**|One.**\n\n**Two. |**".replace("Two. |**", "Two.** |"));
  });
});

describe("links", () => {
  it("ask for the address", () => expect(done("the |gallery| is", link)).toBe("the [gallery](|https://|) is"));
  it("ask for the words where an address was selected", () =>
    expect(done("see |https://example.org| now", link)).toBe("see [|](https://example.org) now"));
  it("leave the words when they go", () => expect(done("the [gal|lery](https://x.org) is", link)).toBe("the gal|lery is"));
});

describe("lines", () => {
  it("get a prefix, change it and lose it", () => {
    expect(done("on|e", prefix("## "))).toBe("## on|e");
    expect(done("## on|e", prefix("### "))).toBe("### on|e");
    expect(done("### on|e", prefix("### "))).toBe("on|e");
    expect(done("- on|e", prefix("> "))).toBe("> on|e");
  });
  it("each of the selected ones that has words", () =>
    expect(done("|one\n\ntwo|", prefix("- ")).replaceAll("|", "")).toBe("- one\n\n- two"));
});

describe("Enter", () => {
  it("goes on with a list, a number, a quote", () => {
    expect(done("- one|", continued)).toBe("- one\n- |");
    expect(done("9. nine|", continued)).toBe("9. nine\n10. |");
    expect(done("> said|", continued)).toBe("> said\n> |");
  });
  it("ends it on an empty line", () => expect(done("- one\n- |", continued)).toBe("- one\n|"));
  it("is an ordinary Enter elsewhere", () => {
    expect(done("plain|", continued)).toBe("plain|");
    expect(done("|- one", continued)).toBe("|- one");
  });
});
