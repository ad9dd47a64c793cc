import { ChangeSet, EditorState, Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { words } from "../../src/counter";
import { inWords, recount, wordCount } from "../../src/editor/counting";

const doc = (text: string): Text => Text.of(text.split("\n"));

describe("the words", () => {
  it("are the server's words", () => {
    const state = EditorState.create({ doc: "She re-read Ada’s text.\n\nTwice", extensions: [wordCount] });
    expect(state.field(wordCount)).toBe(5);
  });

  it("follow every change, however many places it touches", () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 16807) % 2147483647) % below;
    let text = doc("one two\nthree four-five\n\nsix\nseven eight nine\n");
    let count = words(text.toString());
    for (let round = 0; round < 400; round++) {
      const places = Array.from({ length: 1 + random(4) }, () => random(text.length + 1)).sort((a, b) => a - b);
      const specs = places.map((from, at) => {
        const next = places[at + 1] ?? text.length;
        return { from, to: from + random(Math.min(next - from, 9) + 1), insert: doc(["", "a", " b ", "x\ny", "\n\n", "z-"][random(6)] as string) };
      });
      const changes = ChangeSet.of(specs, text.length);
      const next = changes.apply(text);
      count = recount(count, text, next, changes);
      expect(count, JSON.stringify([text.toString(), next.toString()])).toBe(words(next.toString()));
      text = next;
      if (text.length > 400) {
        text = doc("one two\nthree");
        count = 3;
      }
    }
  });
});

describe("the counter", () => {
  it("says the limit where there is one", () => {
    expect(inWords(1, null)).toBe("1 word");
    expect(inWords(1412, 1500)).toBe("1,412 of 1,500 words");
    expect(inWords(512, 500)).toBe("512 of 500 words, 12 too many");
  });
});
