import { beforeEach, describe, expect, it } from "vitest";
import { inWords, matters, type Rates, seconds, setOptions } from "../src/options";

const rates: Rates = { tokens_per_word: 1.4, alone: 70, beside: 35, beam: null };

describe("a field", () => {
  it("matters where it is named, and everywhere when no strategy is", () => {
    expect(matters("top-k top-p", "top-k")).toBe(true);
    expect(matters("top-k", "top-p")).toBe(false);
    expect(matters("", "beam")).toBe(true);
  });
});

describe("the waiting time", () => {
  it("is measured, or not said", () => {
    expect(seconds(100, 1, "top-p", rates)).toBeCloseTo(2);
    expect(seconds(100, 3, "top-p", rates)).toBeCloseTo(4);
    expect(seconds(100, 1, "beam", rates)).toBeNull();
  });
  it("is said as the server says it", () => {
    expect([null, 0.2, 3.2, 22, 70, 290].map(inWords)).toEqual([
      "a time not measured on this desk yet",
      "about a second",
      "about 3 seconds",
      "about 20 seconds",
      "about a minute",
      "about 5 minutes",
    ]);
  });
});

describe("the form", () => {
  const one = <T extends HTMLElement>(selector: string): T => document.querySelector<T>(selector) as T;
  const preset = () => one<HTMLInputElement>("input[name=preset]:checked").value;
  const type = (selector: string, value: string): void => {
    const field = one<HTMLInputElement>(selector);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const pick = (selector: string): void => {
    const field = one<HTMLInputElement>(selector);
    field.checked = true;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };

  beforeEach(() => {
    const values = (heat: string) => ({ strategy: "top-p", temperature: heat, top_k: "50", top_p: "0.92", num_beams: "5" });
    const presets = { careful: values("0.5"), balanced: values("0.7"), eccentric: values("1") };
    document.body.innerHTML = `<section data-options>
      ${["careful", "balanced", "eccentric", "custom"].map((name) => `<input type="radio" name="preset" value="${name}">`).join("")}
      <input type="radio" name="length" value="usual" data-amount="100" checked>
      <input type="radio" name="length" value="number"><input name="words" data-words>
      <input type="radio" name="n" value="1" checked><input type="radio" name="n" value="2">
      <details><select name="strategy" data-expert><option value=""></option><option value="beam">beam</option></select>
      <div data-for="top-k top-p"><input name="temperature" data-expert></div>
      <div data-for="top-p"><input name="top_p" data-expert></div>
      <div data-for="beam"><input name="num_beams" data-expert></div></details>
      <b data-estimate></b><span data-whole hidden></span></section>`;
    one("[data-options]").dataset["presets"] = JSON.stringify(presets);
    one("[data-options]").dataset["rates"] = JSON.stringify(rates);
    one<HTMLInputElement>("input[value=balanced]").checked = true;
    setOptions();
  });

  it("shows what has a part in it, with the value in force", () => {
    expect(one("[data-for=beam]").hidden).toBe(true);
    expect(one("[data-for='top-k top-p']").hidden).toBe(false);
    expect(one<HTMLInputElement>("[name=temperature]").placeholder).toBe("0.7");
    pick("input[value=eccentric]");
    expect(one<HTMLInputElement>("[name=temperature]").placeholder).toBe("1");
  });
  it("becomes custom with a typed value, from where the slider stood", () => {
    pick("input[value=eccentric]");
    type("[name=top_p]", "0.5");
    expect(preset()).toBe("custom");
    expect(one<HTMLInputElement>("[name=temperature]").value).toBe("1");
  });
  it("goes back to the slider when the value is taken out", () => {
    type("[name=top_p]", "0.5");
    type("[name=top_p]", "");
    expect(preset()).toBe("balanced");
  });
  it("puts typed values aside for a preset, and brings them back", () => {
    type("[name=temperature]", "0.3");
    pick("input[value=careful]");
    expect(one<HTMLInputElement>("[name=temperature]").value).toBe("");
    pick("input[value=custom]");
    expect(one<HTMLInputElement>("[name=temperature]").value).toBe("0.3");
    expect(one<HTMLDetailsElement>("details").open).toBe(true);
  });
  it("marks the number when one is typed, and lets it go for a handy length", () => {
    type("[name=words]", "700");
    expect(one<HTMLInputElement>("input[name=length]:checked").value).toBe("number");
    expect(one("[data-estimate]").textContent).toBe("about 15 seconds");
    pick("input[value=usual]");
    expect(one<HTMLInputElement>("[name=words]").value).toBe("");
    expect(one("[data-estimate]").textContent).toBe("about 2 seconds");
  });
  it("says that beam search comes whole", () => {
    const select = one<HTMLSelectElement>("[name=strategy]");
    select.value = "beam";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(one("[data-whole]").hidden).toBe(false);
    expect(one("[data-for=beam]").hidden).toBe(false);
    expect(one("[data-for='top-p']").hidden).toBe(true);
  });
});
