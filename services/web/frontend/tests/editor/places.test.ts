import { describe, expect, it } from "vitest";
import { inUnits, pairs, toCharacters, toUnits } from "../../src/editor/places";

const TEXT = "🔥 ovens 👩‍🍳, and 🫖";

describe("places", () => {
  it("go there and back for every character", () => {
    const at = pairs(TEXT);
    const characters = Array.from(TEXT);
    for (let place = 0; place <= characters.length; place++) {
      const unit = characters.slice(0, place).join("").length;
      expect(toUnits(at, place)).toBe(unit);
      expect(toCharacters(at, unit)).toBe(place);
    }
  });

  it("are the same where every character is one unit", () => {
    expect(toUnits(pairs("plain"), 3)).toBe(3);
    expect(toCharacters(pairs("plain"), 3)).toBe(3);
  });
});

describe("what the server says", () => {
  it("is converted once, in every list that has places", () => {
    const data = inUnits({ text: TEXT, spans: [{ start: 0, end: 1, origin: "machine" }], doubt: [{ start: 2, end: 7, level: 3 }], head: 3 });
    expect(data.spans).toEqual([{ start: 0, end: 2, origin: "machine" }]);
    expect(TEXT.slice(data.doubt[0]?.start, data.doubt[0]?.end)).toBe("ovens");
    expect(data.head).toBe(3);
  });
});
