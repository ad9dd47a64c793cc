import { describe, expect, it } from "vitest";
import { retint, tint } from "../src/tint";

const m = (length: number) => ({ length, mark: "m" });
const p = (length: number) => ({ length, mark: "" });

describe("retint", () => {
  it("gives typed words to a person", () => expect(retint([m(6)], "abcdef", "abcXYdef")).toEqual([m(3), p(2), m(3)]));
  it("keeps the rest when words are taken out", () => expect(retint([m(6)], "abcdef", "abef")).toEqual([m(4)]));
  it("joins neighbours of the same hand", () => expect(retint([m(3), p(3)], "abcdef", "abcXdef")).toEqual([m(3), p(4)]));
  it("starts from nothing", () => expect(retint([], "", "new")).toEqual([p(3)]));
  it("survives everything being taken out", () => expect(retint([m(3)], "abc", "")).toEqual([]));
  it("does not count a repeated letter twice", () => expect(retint([m(2)], "aa", "aaa")).toEqual([m(2), p(1)]));

  it("always tiles the new text", () => {
    let text = "The old bakery on Quay Street";
    let runs = [m(8), p(6), m(15)];
    for (const next of ["The bakery on Quay Street", "A bakery", "A bakery, A bakery", "", "Once"]) {
      runs = retint(runs, text, next);
      text = next;
      expect(runs.reduce((sum, run) => sum + run.length, 0)).toBe(next.length);
    }
  });
});

describe("the mirror", () => {
  it("shows the same text as the field, marked", () => {
    document.body.innerHTML = `<div data-writer><div data-mirror hidden><span class="m">They stand</span> close.</div><textarea></textarea></div>`;
    const field = document.querySelector("textarea") as HTMLTextAreaElement;
    field.value = "They stand close.";
    tint();
    field.value = "They must stand close.";
    field.dispatchEvent(new Event("input"));
    const mirror = document.querySelector("[data-mirror]") as HTMLElement;
    expect(mirror.hidden).toBe(false);
    expect(mirror.innerHTML.replace("\u200b", "")).toBe(
      `<span class="m">They </span>must <span class="m">stand</span> close.`,
    );
  });

  it("never turns text into markup", () => {
    document.body.innerHTML = `<div data-writer><div data-mirror></div><textarea></textarea></div>`;
    (document.querySelector("textarea") as HTMLTextAreaElement).value = "<b>bold</b>";
    tint();
    expect(document.querySelector("[data-mirror] b")).toBeNull();
  });
});
