import { beforeEach, describe, expect, it } from "vitest";
import { characters, count, room, words } from "../src/counter";

describe("words", () => {
  it.each([
    ["", 0],
    ["  \n ", 0],
    ["The old bakery", 3],
    ["re-read what she’s written", 4],
    ["— well, 14 March…", 3],
    ["Þórðarson مرحبا", 2],
  ])("%j has %i", (text, n) => expect(words(text)).toBe(n));
});

describe("characters", () => {
  it("counts an emoji as one", () => expect(characters("a🏺\nb")).toBe(4));
});

describe("room", () => {
  it("says the limit, then what is used, then what is left, then what is too much", () => {
    expect(room(0, 200)).toBe("Up to 200 characters");
    expect(room(90, 200)).toBe("90 of 200");
    expect(room(170, 200)).toBe("30 left");
    expect(room(1201, 200)).toBe("1,001 too many");
  });
});

describe("on a page", () => {
  beforeEach(() => {
    document.body.innerHTML = `<input id="t" data-counter="10"><p data-counter-for="t"></p><i data-words-for="t"></i>`;
  });

  it("follows the typing", () => {
    count();
    const field = document.querySelector("input") as HTMLInputElement;
    field.value = "eleven pots and more";
    field.dispatchEvent(new Event("input"));
    expect(document.querySelector("p")?.textContent).toBe("10 too many");
    expect(document.querySelector("p")?.dataset["over"]).toBe("true");
    expect(document.querySelector("i")?.textContent).toBe("4 words");
  });
});
