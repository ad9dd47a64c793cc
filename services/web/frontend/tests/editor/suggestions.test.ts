import { ChangeSet, EditorState, Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { asks, differences } from "../../src/editor/suggesting";
import { extension, hand, setSuggestions, standing, suggestions, type Suggestion } from "../../src/editor/suggestion_marks";
import { heard, inWords } from "../../src/editor/suggestions";
import type { DeskData } from "../../src/editor/data";

const suggestion = (number: number, start: number, end: number, replacement = "x"): Suggestion => ({
  number, start, end, replacement, author: "Ruth", author_id: 5, mine: false, gone: false, words: "", note: null,
  accept: null, refuse: null, take_back: null,
});
const data = (text: string, several: Suggestion[]): DeskData => ({
  document: "d", person: { id: 7, name: "Ada" }, head: 3, title: "T", text, spans: [], suggestions: several,
  limits: { words: null, characters: 1000 }, urls: {},
});
const places = (found: readonly { start: number; end: number }[]): [number, number][] => found.map(({ start, end }) => [start, end]);

describe("what is proposed while suggesting", () => {
  it("is what differs, without what a change puts back", () => {
    const base = Text.of(["The old bakery."]);
    const changes = ChangeSet.of({ from: 4, to: 7, insert: "very old" }, base.length);
    expect(differences(base, changes.apply(base), changes)).toEqual([{ from: 4, to: 9, removed: "" }]);
    const back = changes.compose(ChangeSet.of({ from: 4, to: 9 }, changes.newLength));
    expect(differences(base, back.apply(base), back)).toEqual([]);
  });

  it("shows what is taken out at its place", () => {
    const base = Text.of(["One two three"]);
    const changes = ChangeSet.of({ from: 3, to: 7 }, base.length);
    expect(differences(base, changes.apply(base), changes)).toEqual([{ from: 3, to: 3, removed: " two" }]);
  });

  it("is switched by Ctrl Alt S alone", () => {
    const press = (init: KeyboardEventInit): boolean => asks(new KeyboardEvent("keydown", { code: "KeyS", ...init }));
    expect(press({ ctrlKey: true, altKey: true })).toBe(true);
    expect(press({ ctrlKey: true })).toBe(false);
    expect(press({ ctrlKey: true, altKey: true, shiftKey: true })).toBe(false);
  });
});

describe("open suggestions", () => {
  it("stand where the server says, or where those words are by now", () => {
    const all = data("The old bakery", [suggestion(1, 4, 7), suggestion(2, 14, 14)]);
    expect(places(standing(all, "The old bakery"))).toEqual([[4, 7], [14, 14]]);
    expect(places(standing(all, "Look: The old bakery"))).toEqual([[10, 13], [20, 20]]);
    expect(places(standing(all, "The bakery"))).toEqual([[10, 10]]);
  });

  it("without a place are only in the panel", () => {
    expect(standing(data("The", [{ ...suggestion(1, 0, 3), gone: true }]), "The")).toEqual([]);
  });

  it("move with what is typed and go when their words are changed", () => {
    let state = EditorState.create({ doc: "The old bakery", extensions: extension });
    state = state.update({ effects: setSuggestions.of(standing(data("The old bakery", [suggestion(1, 4, 7)]), "The old bakery")) }).state;
    state = state.update({ changes: { from: 0, insert: "Oh: " } }).state;
    expect(places(state.field(suggestions).standing)).toEqual([[8, 11]]);
    state = state.update({ changes: { from: 9, insert: "!" } }).state;
    expect(state.field(suggestions).standing).toEqual([]);
  });

  it("have their author's colour, and one's own the pencil's", () => {
    expect(hand({ mine: true, author_id: 5 })).toBe("hand-0");
    expect(new Set([1, 2, 3, 4].map((author_id) => hand({ mine: false, author_id }))).size).toBe(3);
  });

  it("are said in words", () => {
    const change = { author: "Ruth", mine: false, words: " old", replacement: "" };
    expect(inWords(change)).toBe("Ruth suggests to take out “old”.");
    expect(inWords({ ...change, replacement: "new" })).toBe("Ruth suggests “new” instead of “old”.");
    expect(inWords({ ...change, words: "", replacement: "new", mine: true })).toBe("You suggest “new” here.");
    expect(inWords({ ...change, words: " ", replacement: "  " })).toBe("Ruth suggests other spaces here.");
  });
});

describe("what others did meanwhile", () => {
  const one = (number: number) => ({ ...suggestion(number, 0, 3, "new"), words: "old" });
  it("is said in words: what came, or how many are left", () => {
    expect(heard([], [one(1)])).toBe("Ruth suggests “new” instead of “old”.");
    expect(heard([one(1)], [one(1), one(2), one(3)])).toBe("2 new suggestions.");
    expect(heard([one(1), one(2)], [one(2)])).toBe("One is left.");
    expect(heard([one(1)], [one(1)])).toBe("");
  });
});
