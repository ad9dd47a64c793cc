import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { around, described, grouped, listed, nextStop, places, setFound, stops, type Place } from "../../src/editor/looking_places";

const TEXT = "The bakery in Tavira opened in 1911. Tavira slept.";
const FOUND = {
  doubt: [
    { start: 4, end: 10, level: 3 },
    { start: 21, end: 27, level: 1 },
    { start: 31, end: 35, level: 3 },
  ],
  claims: [
    { start: 14, end: 20, kind: "name" as const, words: "Tavira" },
    { start: 31, end: 35, kind: "date" as const, words: "1911" },
    { start: 37, end: 43, kind: "name" as const, words: "Tavira" },
  ],
};

const opened = () => EditorState.create({ doc: TEXT, extensions: places }).update({ effects: setFound.of(FOUND) }).state;
const edited = (from: number, to: number, insert: string) => opened().update({ changes: { from, to, insert } }).state;
const words = (state: EditorState) => listed(state.field(places)).map(({ start, end }) => state.sliceDoc(start, end));

describe("places to look at", () => {
  it("move with what is typed before them", () => {
    expect(words(edited(0, 0, "Here is it: "))).toEqual(words(opened()));
    expect(words(edited(36, 36, " And how!"))).toEqual(words(opened()));
  });

  it("vanish when their words are changed, taken out or written on", () => {
    expect(words(edited(15, 16, "o"))).toEqual(words(opened()).filter((one, at, all) => one !== "Tavira" || at === all.length - 1));
    expect(words(edited(37, 43, "Faro"))).toEqual(words(opened()).slice(0, -1));
    expect(words(edited(35, 35, "2"))).not.toContain("1911");
    expect(words(edited(43, 43, "s"))).toEqual(words(opened()).slice(0, -1));
    expect(words(edited(37, 37, "New"))).toEqual(words(opened()).slice(0, -1));
    expect(words(edited(43, 43, ", then"))).toEqual(words(opened()));
  });

  it("go when the mode is left, and never reach beyond the text", () => {
    expect(listed(opened().update({ effects: setFound.of(null) }).state.field(places))).toEqual([]);
    const short = EditorState.create({ doc: "The", extensions: places }).update({ effects: setFound.of(FOUND) }).state;
    expect(listed(short.field(places))).toEqual([]);
  });

  it("are claims and deep doubts, each once", () => {
    const all = stops(listed(opened().field(places)));
    expect(all.map(({ start, kind }) => [start, kind])).toEqual([[4, null], [14, "name"], [31, "date"], [37, "name"]]);
  });

  it("follow one another around the end", () => {
    const all = stops(listed(opened().field(places)));
    const walk = (from: number, to: number, step: 1 | -1) => nextStop(all, from, to, step)?.start;
    expect(walk(0, 0, 1)).toBe(4);
    expect(walk(4, 10, 1)).toBe(14);
    expect(walk(14, 14, 1)).toBe(14);
    expect(walk(37, 43, 1)).toBe(4);
    expect(walk(4, 10, -1)).toBe(37);
    expect(nextStop([], 0, 0, 1)).toBeNull();
  });

  it("are found where the cursor is, without a look at the others", () => {
    const found = opened().field(places);
    const near = (from: number, to: number) => around(found, from, to).map(({ start, level }) => [start, level]);
    expect(near(33, 33)).toEqual([[31, 0], [31, 3]]);
    expect(near(5, 15)).toEqual([[4, 3], [14, 0]]);
    expect(near(50, 50)).toEqual([]);
    expect(near(0, TEXT.length)).toHaveLength(listed(found).length);
  });

  it("are listed once with their number", () => {
    const state = opened();
    const found = grouped(listed(state.field(places)), ({ start, end }: Place) => state.sliceDoc(start, end));
    expect(found.map(({ words, times }) => [words, times])).toEqual([["Tavira", 2], ["1911", 1]]);
  });

  it("are described in words", () => {
    expect(described({ level: 0, kind: "quote" })).toBe("a quote that is not in the brief");
    expect(described({ level: 3, kind: null })).toBe("the machine was very unsure of this");
  });
});
