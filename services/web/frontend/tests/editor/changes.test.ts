import { ChangeSet, Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { changeSet, changesTo } from "../../src/editor/changes";

const doc = (text: string): Text => Text.of(text.split("\n"));
const applied = (before: string, after: string): string => changeSet(doc(before), after).apply(doc(before)).toString();
const touched = (before: string, after: string): number =>
  changesTo(before, after).reduce((sum, piece) => sum + piece.to - piece.from + piece.insert.length, 0);

describe("the smallest change", () => {
  it("is none for the same text", () => expect(changesTo("a\nb", "a\nb")).toEqual([]));
  it("is one word where one word changed", () =>
    expect(changesTo("One. Two three.\nFour.", "One. Two seven.\nFour.")).toEqual([{ from: 9, to: 14, insert: "seven" }]));
  it("leaves paragraphs alone that stand between two changes", () => {
    const before = "First old words.\n\nThe middle stays.\n\nLast old words.";
    const after = "First new words.\n\nThe middle stays.\n\nLast new words.";
    expect(changesTo(before, after)).toHaveLength(2);
    expect(touched(before, after)).toBeLessThan(20);
  });
  it("never cuts a character in two", () => {
    expect(changesTo("a🔥b", "a🔦b")).toEqual([{ from: 1, to: 3, insert: "🔦" }]);
    expect(changesTo("x🔥", "x🥥")).toEqual([{ from: 1, to: 3, insert: "🥥" }]);
  });

  it("always gives the other text", () => {
    let seed = 11;
    const random = (below: number): number => (seed = (seed * 16807) % 2147483647) % below;
    const lines = ["", "one", "two words", "🔥", "one", "a longer line of words"];
    const some = (): string => Array.from({ length: random(8) }, () => lines[random(lines.length)]).join("\n");
    for (let round = 0; round < 3000; round++) {
      const [before, after] = [some(), some()];
      expect(applied(before, after), JSON.stringify([before, after])).toBe(after);
    }
  });

  it("can be taken back", () => {
    const [before, after] = [doc("a\nb\nc"), "a\nx\ny\nc"];
    const change: ChangeSet = changeSet(before, after);
    expect(change.invert(before).apply(change.apply(before)).toString()).toBe("a\nb\nc");
  });
});
