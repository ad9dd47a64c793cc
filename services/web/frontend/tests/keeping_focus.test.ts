import { afterEach, describe, expect, it } from "vitest";
import { keepingFocus } from "../src/keeping_focus";

const part = (): HTMLElement | null => document.querySelector("#part");

function stands(html: string): void {
  document.body.innerHTML = `<section id="part" tabindex="-1">${html}</section><button id="other">Other</button>`;
}

function draw(html: string): void {
  const made = document.createElement("template");
  made.innerHTML = `<section id="part" tabindex="-1">${html}</section>`;
  part()?.replaceWith(made.content);
}

const focus = (selector: string): void => document.querySelector<HTMLElement>(selector)?.focus();
const held = (): string => document.activeElement?.textContent ?? "";

afterEach(() => (document.body.innerHTML = ""));

describe("a part that is drawn anew", () => {
  it("leaves the focus on the same link", () => {
    stands('<a href="#a">A</a> <a href="#b">B</a>');
    focus("[href='#b']");
    keepingFocus(part, () => draw('<p>New</p> <a href="#a">A</a>\n <a href="#b"> B </a>'));
    expect(held().trim()).toBe("B");
    expect(document.activeElement?.isConnected).toBe(true);
  });

  it("tells buttons of one name apart by what they are for", () => {
    const forms = ["/1", "/2"].map((action) => `<form action="${action}"><button>Review</button></form>`).join("");
    stands(forms);
    focus("form[action='/2'] button");
    keepingFocus(part, () => draw(forms));
    expect(document.activeElement?.closest("form")?.getAttribute("action")).toBe("/2");
  });

  it("tells those that are the same in everything by their order", () => {
    stands("<button>Show</button><button>Show</button>");
    document.querySelectorAll("button")[1]?.focus();
    keepingFocus(part, () => draw("<button>Show</button><button>Show</button>"));
    expect(document.activeElement).toBe(document.querySelectorAll("#part button")[1]);
  });

  it("has it itself where what had it is gone", () => {
    stands("<button>Review</button>");
    focus("#part button");
    keepingFocus(part, () => draw("<p>All is reviewed.</p>"));
    expect(document.activeElement).toBe(part());
  });

  it("takes it from nobody who is elsewhere", () => {
    stands("<button>Review</button>");
    focus("#other");
    keepingFocus(part, () => draw("<button>Review</button>"));
    expect(document.activeElement?.id).toBe("other");
  });

  it("may be gone", () => {
    stands("<button>Review</button>");
    focus("#part button");
    keepingFocus(part, () => part()?.remove());
    expect(document.activeElement).toBe(document.body);
  });
});
