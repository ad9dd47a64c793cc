import { SearchQuery } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { inWords, tally } from "../../src/editor/search";

const state = (doc: string, anchor = 0, head = 0): EditorState => EditorState.create({ doc, selection: { anchor, head } });
const query = (search: string, caseSensitive = false): SearchQuery => new SearchQuery({ search, caseSensitive, literal: true });

describe("the finder", () => {
  it("counts the places and knows which one is selected", () => {
    expect(tally(state("a b a B", 4, 5), query("a"))).toEqual({ at: 2, count: 2 });
    expect(tally(state("a b a B"), query("b"))).toEqual({ at: 0, count: 2 });
    expect(tally(state("a b a B"), query("b", true))).toEqual({ at: 0, count: 1 });
    expect(tally(state("a"), query(""))).toEqual({ at: 0, count: 0 });
  });

  it("says it in words", () => {
    expect(inWords({ at: 2, count: 3 }, true)).toBe("2 of 3");
    expect(inWords({ at: 0, count: 1 }, true)).toBe("1 place");
    expect(inWords({ at: 0, count: 0 }, true)).toBe("Not found");
    expect(inWords({ at: 0, count: 1000 }, true)).toBe("over 1,000 places");
    expect(inWords({ at: 0, count: 0 }, false)).toBe("");
  });
});
