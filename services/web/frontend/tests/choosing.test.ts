import { describe, expect, it } from "vitest";
import { chooseDraft, meant } from "../src/choosing";

const key = (name: string, more: KeyboardEventInit = {}): KeyboardEvent => new KeyboardEvent("keydown", { key: name, ...more });

describe("a number key", () => {
  it("means a draft that is there", () => {
    expect(meant(key("2"), 3)).toBe(2);
    for (const other of ["0", "4", "a", "Enter", " "]) expect(meant(key(other), 3)).toBeNull();
  });
  it("means nothing with a modifier", () => expect(meant(key("1", { ctrlKey: true }), 3)).toBeNull());
  it("means nothing while somebody types", () => {
    document.body.innerHTML = "<input>";
    const event = key("1", { bubbles: true });
    document.querySelector("input")?.dispatchEvent(event);
    expect(meant(event, 3)).toBeNull();
  });
});

describe("looking at a draft", () => {
  it("puts the keyboard on its button and marks it alone", () => {
    const sheet = (n: number) => `<article data-look><button data-choose id="b${n}"></button></article>`;
    document.body.innerHTML = `<section data-choosing>${sheet(1)}${sheet(2)}</section>`;
    Element.prototype.scrollIntoView = () => undefined;
    chooseDraft();
    document.dispatchEvent(key("2"));
    expect(document.activeElement?.id).toBe("b2");
    const marks = Array.from(document.querySelectorAll<HTMLElement>("[data-look]"), (one) => one.dataset["lookedAt"]);
    expect(marks).toEqual(["false", "true"]);
  });
});
