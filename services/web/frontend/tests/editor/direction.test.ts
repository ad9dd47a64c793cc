import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { directed } from "../../src/editor/direction";

const lines = (doc: string): number => {
  const state = EditorState.create({ doc });
  return directed({ state, visibleRanges: [{ from: 0, to: state.doc.length }] }).size;
};

describe("the direction of a paragraph", () => {
  it("is its own where a text has words that run leftward", () => expect(lines("An old bakery.\n\nمخبز قديم")).toBe(3));
  it("needs no thought elsewhere", () => expect(lines("An old bakery.\n\nEine alte Bäckerei, 古い")).toBe(0));
});
