import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { setSpans, tint } from "../../src/editor/tint";
import { counted, inWords } from "../../src/editor/whose";

const LINE = "The ovens are cold now.";

function marks(...spans: { start: number; end: number; origin: "machine" | "brief" | "tool" }[]) {
  const state = EditorState.create({ doc: `One.\n${LINE}`, extensions: tint });
  return state.update({ effects: setSpans.of(spans) }).state.field(tint);
}

describe("who wrote a paragraph", () => {
  it("is counted word by word, by the first letter", () => {
    const machine = { start: 0, end: 15, origin: "machine" } as const; // “One.”, “The ovens”, and the a of “are”
    expect(counted(LINE, 5, marks({ ...machine, end: 16 }))).toEqual({ machine: 3, human: 2 });
    expect(counted(LINE, 5, marks())).toEqual({ human: 5 });
  });

  it("is said in one sentence", () => {
    expect(inWords(2, 4, { human: 9, machine: 31, brief: 2 })).toBe(
      "Paragraph 2 of 4: 31 words of the machine, 9 of people, 2 of the brief.",
    );
    expect(inWords(1, 1, { machine: 40 })).toBe("Paragraph 1 of 1: all 40 words are the machine’s.");
    expect(inWords(1, 3, { human: 2 })).toBe("Paragraph 1 of 3: all 2 words are people’s.");
    expect(inWords(3, 3, { human: 1 })).toBe("Paragraph 3 of 3: its one word is people’s.");
    expect(inWords(1, 3, {})).toBe("Paragraph 1 of 3: no words yet.");
  });
});
