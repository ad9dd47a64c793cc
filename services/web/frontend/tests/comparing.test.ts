import { describe, expect, it } from "vitest";
import { nextStop, stepOf, walkChanges } from "../src/comparing";

describe("from change to change", () => {
  it("begins at either end and goes around", () => {
    expect(nextStop(-1, 1, 3)).toBe(0);
    expect(nextStop(-1, -1, 3)).toBe(2);
    expect(nextStop(2, 1, 3)).toBe(0);
    expect(nextStop(0, -1, 3)).toBe(2);
  });

  it("takes letters alone, and none where somebody writes", () => {
    expect(stepOf(new KeyboardEvent("keydown", { key: "n" }))).toBe(1);
    expect(stepOf(new KeyboardEvent("keydown", { key: "P" }))).toBe(-1);
    expect(stepOf(new KeyboardEvent("keydown", { key: "n", ctrlKey: true }))).toBe(0);
    expect(stepOf(new KeyboardEvent("keydown", { key: "x" }))).toBe(0);
    const field = document.createElement("input");
    const event = new KeyboardEvent("keydown", { key: "n" });
    field.dispatchEvent(event);
    expect(stepOf(event)).toBe(0);
  });

  it("goes to each change, says which it is, and rests when the keys are switched off", () => {
    Element.prototype.scrollIntoView = () => {};
    document.body.innerHTML = `<section data-compare><span data-walk-said></span><button data-walk="1" hidden></button>
      <div data-walk-keys hidden><input type="checkbox" data-walk-toggle checked /></div>
      <ins data-change="1" tabindex="-1">a</ins><del data-change="2" tabindex="-1">b</del></section>`;
    walkChanges();
    const press = (key: string) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    press("n");
    press("n");
    expect(document.activeElement?.textContent).toBe("b");
    expect(document.querySelector("[data-walk-said]")?.textContent).toBe("2 of 2");
    document.querySelector<HTMLInputElement>("[data-walk-toggle]")?.click();
    press("p");
    expect(document.activeElement?.textContent).toBe("b");
    document.querySelector<HTMLButtonElement>("[data-walk]")?.click();
    expect(document.activeElement?.textContent).toBe("a");
  });

  it("goes to what is chosen where there is a choice", () => {
    document.body.innerHTML = `<form data-compare><span data-walk-said></span><button type="button" data-walk="1" hidden></button>
      <fieldset data-change><input type="radio" name="a" id="a1"><input type="radio" name="a" id="a2" checked></fieldset>
      <fieldset data-change><input type="radio" name="b" id="b1" checked></fieldset></form>`;
    walkChanges();
    const next = () => document.querySelector<HTMLButtonElement>("[data-walk]")?.click();
    next();
    expect(document.activeElement?.id).toBe("a2");
    document.getElementById("b1")?.focus(); // by Tab
    expect(document.querySelector("[data-walk-said]")?.textContent).toBe("2 of 2");
    next();
    expect(document.activeElement?.id).toBe("a2");
  });
});
