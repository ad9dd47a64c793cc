import { EditorState, type TransactionSpec } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { extension, ghostOf, grown, nextWord, rest, setGhost, type Ghost } from "../../src/editor/ghost_text";

const GHOST: Ghost = { at: 3, words: " old bakery", used: 0, taken: 0, coming: true };

function after(...changes: TransactionSpec[]): Ghost | null {
  let state = EditorState.create({ doc: "The end.", selection: { anchor: 3 }, extensions: extension });
  for (const change of [{ effects: setGhost.of(GHOST) }, ...changes]) state = state.update(change).state;
  return ghostOf(state);
}

const typed = (text: string, from = 3): TransactionSpec => ({
  changes: { from, insert: text },
  selection: { anchor: from + text.length },
  userEvent: "input.type",
});

describe("ghost text", () => {
  it("stays while its very letters are typed", () => {
    const ghost = after(typed(" "), typed("o", 4));
    expect(ghost).toMatchObject({ at: 5, used: 2, taken: 0 });
    expect(ghost && rest(ghost)).toBe("ld bakery");
  });
  it.each([
    ["another letter", typed("x")],
    ["a letter elsewhere", typed(" ", 0)],
    ["a deletion", { changes: { from: 2, to: 3 } }],
    ["the cursor", { selection: { anchor: 1 } }],
    ["a selection", { selection: { anchor: 3, head: 5 } }],
    ["undo", { ...typed("x"), userEvent: "undo" }],
  ])("goes with %s", (_, change) => {
    expect(after(change as TransactionSpec)).toBeNull();
  });
  it("moves with what the server changes before it", () => {
    const news = { changes: { from: 0, insert: "Now: " }, userEvent: "desk.refresh" };
    expect(after(news)).toMatchObject({ at: 8, used: 0 });
  });
  it("is gone when all of it stands in the text and no more comes", () => {
    expect(after({ effects: setGhost.of({ ...GHOST, coming: false }) }, typed(" old bakery"))).toBeNull();
    expect(after(typed(" old bakery"))).toMatchObject({ used: 11 });
  });
});

describe("more of the words", () => {
  it("is shown as they come", () => {
    expect(grown(GHOST, " old bakery smells", true)).toMatchObject({ words: " old bakery smells", coming: true });
  });
  it("is nothing when they turn out otherwise", () => {
    expect(grown(GHOST, " new", true)).toBeNull();
  });
  it("ends what was used up", () => {
    expect(grown({ ...GHOST, used: 11 }, " old bakery", false)).toBeNull();
    expect(grown({ ...GHOST, used: 11 }, " old bakery smells", false)).toMatchObject({ used: 11, coming: false });
  });
});

describe("the next word", () => {
  it.each([
    [" old bakery", " old"],
    ["ery smells", "ery"],
    [" flour.", " flour."],
    [" flour. ", " flour. "],
    ["  two  spaces", "  two"],
    ["", ""],
  ])("of %j is %j", (words, word) => expect(nextWord(words)).toBe(word));
});
