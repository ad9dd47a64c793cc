import { beforeEach, describe, expect, it } from "vitest";
import { guard } from "../src/unsaved";

describe("on a page where somebody writes", () => {
  const field = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;
  const type = (words: string) => {
    field<HTMLTextAreaElement>("textarea").value = words;
  };
  const leaves = (): boolean => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));

  beforeEach(() => {
    localStorage.clear();
    document.body.innerHTML = `
      <form data-guard><input name="title" value="T"><textarea name="body">stored</textarea></form>
      <form data-forget></form>`;
    guard();
  });

  it("asks before unsaved words are thrown away, and only then", () => {
    expect(leaves()).toBe(true);
    type("changed");
    expect(leaves()).toBe(false);
    type("stored");
    expect(leaves()).toBe(true);
  });

  it("does not ask for words that are safe, or on their way", () => {
    type("changed");
    field("form").dataset["safe"] = "";
    expect(leaves()).toBe(true);
    delete field("form").dataset["safe"];
    field("form").dispatchEvent(new Event("submit", { cancelable: true }));
    expect(leaves()).toBe(true);
  });

  it("leaves nothing behind when somebody logs out", () => {
    localStorage.setItem("copydesk:words:7-d:a", "typed");
    localStorage.setItem("copydesk-mode-tint", "on");
    field("[data-forget]").dispatchEvent(new Event("submit"));
    expect(Object.keys(localStorage)).toEqual(["copydesk-mode-tint"]);
  });
});
