import { beforeEach, describe, expect, it, vi } from "vitest";
import { holdBack } from "../src/busy";
import { askFirst } from "../src/confirm";
import { closeMenus } from "../src/page";
import { listen, saves } from "../src/shortcuts";
import { hostCookie } from "../src/cookies";
import { switchTheme } from "../src/theme";

beforeEach(() => {
  // jsdom has no dialogs that open
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) { this.open = true; };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
  document.body.innerHTML = "";
});

const submitted = (form: HTMLFormElement) => {
  const seen = vi.fn((event: Event) => event.preventDefault());
  form.addEventListener("submit", seen);
  return seen;
};

describe("a question before an act", () => {
  it("posts only after a yes", () => {
    document.body.innerHTML = `<form><button data-confirm="Withdraw?" data-confirm-detail="It is kept.">Withdraw</button></form>`;
    const seen = submitted(document.forms[0] as HTMLFormElement);
    askFirst();
    const button = document.querySelector("button") as HTMLButtonElement;
    button.click();
    expect(document.querySelector("dialog h2")?.textContent).toBe("Withdraw?");
    expect(seen).not.toHaveBeenCalled();
    document.querySelector<HTMLElement>("dialog .btn-quiet")?.click();
    expect(document.querySelector("dialog")).toBeNull();
    button.click();
    document.querySelector<HTMLElement>("dialog .btn-go")?.click();
    expect(seen).toHaveBeenCalledOnce();
  });
});

describe("Ctrl+S", () => {
  const key = (init: KeyboardEventInit) => new KeyboardEvent("keydown", { cancelable: true, ...init });

  it("is Ctrl or ⌘ with s and nothing else", () => {
    expect(saves(key({ key: "s", ctrlKey: true }))).toBe(true);
    expect(saves(key({ key: "S", metaKey: true }))).toBe(true);
    expect(saves(key({ key: "s" }))).toBe(false);
    expect(saves(key({ key: "s", ctrlKey: true, shiftKey: true }))).toBe(false);
  });

  it("saves the text instead of the page", () => {
    document.body.innerHTML = `<form><button data-save>Save</button></form>`;
    const seen = submitted(document.forms[0] as HTMLFormElement);
    listen();
    const event = key({ key: "s", ctrlKey: true });
    document.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(seen).toHaveBeenCalledOnce();
  });
});

describe("an impatient second click", () => {
  it("sends nothing twice", () => {
    document.body.innerHTML = `<form method="post"><button>Go</button></form>`;
    const form = document.forms[0] as HTMLFormElement;
    holdBack();
    const first = new SubmitEvent("submit", { bubbles: true, cancelable: true });
    const second = new SubmitEvent("submit", { bubbles: true, cancelable: true });
    form.dispatchEvent(first);
    form.dispatchEvent(second);
    expect([first.defaultPrevented, second.defaultPrevented]).toEqual([false, true]);
  });
});

describe("the theme", () => {
  it("is there at once and kept for the next page, without a request that could come too late", () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    document.body.innerHTML = `<form data-theme-form action="/theme"><button name="theme" value="dark">d</button><button name="theme" value="light">l</button></form>`;
    switchTheme();
    document.querySelector<HTMLButtonElement>("[value=dark]")?.click();
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    expect(document.cookie).toContain("theme=dark");
    expect(fetched).not.toHaveBeenCalled();
  });

  it("goes over https alone where the page did", () => {
    expect(hostCookie("theme", "dark", true)).toMatch(/^__Host-theme=dark; path=\/; .*samesite=lax; secure$/u);
    expect(hostCookie("theme", "dark", false)).toMatch(/^theme=dark; .*samesite=lax$/u);
  });
});

describe("the person's menu", () => {
  it("closes on Escape and on a click elsewhere", () => {
    document.body.innerHTML = `<details data-menu open><summary>A</summary></details><p>else</p>`;
    closeMenus();
    const menu = document.querySelector("details") as HTMLDetailsElement;
    menu.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(menu.open).toBe(false);
    menu.open = true;
    document.querySelector("p")?.click();
    expect(menu.open).toBe(false);
  });
});
