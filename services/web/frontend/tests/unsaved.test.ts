import { beforeEach, describe, expect, it, vi } from "vitest";
import { guard, worthOffering, type Kept } from "../src/unsaved";

const kept = (more: Partial<Kept> = {}): Kept => ({ base: "3", title: "T", body: "typed", sent: false, ...more });

describe("worthOffering", () => {
  it("offers words that are not on the page", () => expect(worthOffering(kept(), "3", "T", "stored")).toBe(true));
  it("offers words of an older version", () => expect(worthOffering(kept(), "4", "T", "stored")).toBe(true));
  it("lets go what was stored", () => expect(worthOffering(kept(), "4", "T", " typed\r\n")).toBe(false));
  it("lets go what was sent and arrived", () => expect(worthOffering(kept({ sent: true }), "4", "T", "x")).toBe(false));
  it("offers what was sent and never arrived", () => expect(worthOffering(kept({ sent: true }), "3", "T", "x")).toBe(true));
});

describe("on the page of a text", () => {
  const field = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector) as T;
  const type = (words: string) => {
    const body = field<HTMLTextAreaElement>("textarea");
    body.value = words;
    body.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const open = (stored = "stored", base = "3") => {
    document.body.innerHTML = `
      <form data-guard data-keep="d-1"><input name="title" value="T"><input type="hidden" name="base_revision" value="${base}">
        <div data-restore hidden><button type="button" data-restore-yes></button><button type="button" data-restore-no></button></div>
        <textarea name="body">${stored}</textarea></form>
      <form data-forget></form>`;
    guard();
  };

  beforeEach(() => {
    localStorage.clear();
    vi.useFakeTimers();
  });

  it("asks before unsaved words are thrown away, and only then", () => {
    open();
    const before = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(before);
    expect(before.defaultPrevented).toBe(false);
    type("changed");
    const after = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(after);
    expect(after.defaultPrevented).toBe(true);
  });

  it("keeps what is typed and offers it on the next visit", () => {
    open();
    type("words that were never saved");
    vi.advanceTimersByTime(1000);
    open();
    expect(field("[data-restore]").hidden).toBe(false);
    field("[data-restore-yes]").click();
    expect(field<HTMLTextAreaElement>("textarea").value).toBe("words that were never saved");
  });

  it("brings back the version too, so that the server can show the difference", () => {
    open();
    type("typed on three");
    vi.advanceTimersByTime(1000);
    open("somebody else's four", "4");
    field("[data-restore-yes]").click();
    expect(field<HTMLInputElement>("[name=base_revision]").value).toBe("3");
  });

  it("lets go when told to, and when somebody logs out", () => {
    open();
    type("a");
    vi.advanceTimersByTime(1000);
    open();
    field("[data-restore-no]").click();
    expect(localStorage.length).toBe(0);
    type("b");
    vi.advanceTimersByTime(1000);
    expect(localStorage.length).toBe(1);
    field("[data-forget]").dispatchEvent(new Event("submit"));
    expect(localStorage.length).toBe(0);
  });
});
