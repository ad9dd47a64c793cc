import { describe, expect, it } from "vitest";
import { asks, passage, place } from "../src/passage";

describe("a passage", () => {
  it("is the selection without the white space around it", () => {
    expect(passage("One. Two. Three.", 4, 10)).toEqual({ start: 5, end: 9 });
    expect(passage("One", 0, 3)).toEqual({ start: 0, end: 3 });
  });
  it("is nothing where nothing is to be seen", () => {
    expect(passage("One. Two.", 4, 4)).toBeNull();
    expect(passage("One.\n\n Two.", 4, 7)).toBeNull();
  });
  it("is counted as Python counts", () => {
    expect(place("🔥👩‍🍳 ovens", 8)).toBe(5);
    expect(place("plain", 3)).toBe(3);
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
