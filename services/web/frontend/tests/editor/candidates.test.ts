import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { asks } from "../../src/editor/candidates";
import { extension, passage, passageField, setPassage, showCandidate } from "../../src/editor/passage";

describe("a passage", () => {
  it("is the selection without the white space around it", () => {
    expect(passage("One. Two. Three.", 4, 10)).toEqual({ from: 5, to: 9 });
    expect(passage("One", 0, 3)).toEqual({ from: 0, to: 3 });
  });
  it("is nothing where nothing is to be seen", () => {
    expect(passage("One. Two.", 4, 4)).toBeNull();
    expect(passage("One.\n\n Two.", 4, 7)).toBeNull();
  });
  it("moves with the text, and is gone when its words are", () => {
    const state = EditorState.create({ doc: "One. Two. Three.", extensions: extension });
    const asked = state.update({ effects: setPassage.of({ from: 5, to: 9 }) }).state;
    const merged = asked.update({ changes: { from: 0, insert: "Now. " } }).state;
    expect(merged.field(passageField)).toEqual({ from: 10, to: 14, shown: null });
    expect(merged.update({ changes: { from: 9, to: 15 } }).state.field(passageField)).toBeNull();
  });
  it("shows a candidate without touching the text", () => {
    const state = EditorState.create({ doc: "One. Two.", extensions: extension });
    const asked = state.update({ effects: setPassage.of({ from: 5, to: 9 }) }).state;
    const shown = asked.update({ effects: showCandidate.of("Zwei.") }).state;
    expect(shown.field(passageField)?.shown).toBe("Zwei.");
    expect(shown.doc.toString()).toBe("One. Two.");
  });
});

describe("the key that asks", () => {
  const press = (key: string, more: KeyboardEventInit) => asks(new KeyboardEvent("keydown", { key, ...more }));
  it("is Ctrl or ⌘ with J", () => {
    expect(press("j", { ctrlKey: true })).toBe(true);
    expect(press("J", { metaKey: true })).toBe(true);
    expect(press("j", {})).toBe(false);
    expect(press("j", { ctrlKey: true, shiftKey: true })).toBe(false);
  });
});
