import { beforeEach, describe, expect, it, vi } from "vitest";

import { renew, watchQueue } from "../src/queue";

const page = (...parts: [string, string][]): string =>
  parts.map(([name, html]) => `<div data-part="${name}">${html}</div>`).join("");

function show(...parts: [string, string][]): HTMLElement {
  document.body.innerHTML = `<div data-queue-url="/admin/queue/live?span=day">${page(...parts)}</div>`;
  return document.querySelector("[data-queue-url]")!;
}

const part = (name: string): HTMLElement => document.querySelector(`[data-part="${name}"]`)!;

describe("renewing the page", () => {
  it("replaces what changed and leaves the rest alone", () => {
    const root = show(["head", "<h1>1 draft waits</h1>"], ["workers", "<p id='same'>desk-1</p>"]);
    const same = document.getElementById("same");
    renew(root, page(["head", "<h1>Nothing waits</h1>"], ["workers", '<p id="same">desk-1</p>']));
    expect(part("head").textContent).toBe("Nothing waits");
    expect(document.getElementById("same")).toBe(same);
  });

  it("is not fooled by tokens that are new every time", () => {
    const form = (token: string): string => `<input name="csrf_token" value="${token}"><button>Stop</button>`;
    const root = show(["waiting", form("one")]);
    const button = document.querySelector("button");
    renew(root, page(["waiting", form("two")]));
    expect(document.querySelector("button")).toBe(button);
  });

  it("waits while the keyboard is in a part", () => {
    const root = show(["failed", "<button>Try again</button>"]);
    document.querySelector("button")!.focus();
    renew(root, page(["failed", "<p>None</p>"]));
    expect(part("failed").textContent).toBe("Try again");
  });

  it("leaves open what was open", () => {
    const root = show(["failed", '<details id="history-1" open><summary>x</summary>old</details>']);
    renew(root, page(["failed", '<details id="history-1"><summary>x</summary>new</details>']));
    expect(part("failed").textContent).toBe("xnew");
    expect(document.querySelector("details")!.open).toBe(true);
  });

  it("keeps a part that the answer does not have", () => {
    renew(show(["head", "here"]), "<p>Something else</p>");
    expect(part("head").textContent).toBe("here");
  });
});

describe("watching", () => {
  beforeEach(() => vi.useFakeTimers());

  it("asks every few seconds, and less often when nobody answers", async () => {
    const fetched = vi.fn().mockResolvedValue(new Response(page(["head", "fresh"])));
    vi.stubGlobal("fetch", fetched);
    show(["head", "old"]);
    watchQueue();
    await vi.advanceTimersByTimeAsync(4_100);
    expect(fetched).toHaveBeenCalledWith("/admin/queue/live?span=day", { cache: "no-store" });
    expect(part("head").textContent).toBe("fresh");
    fetched.mockRejectedValue(new TypeError("offline"));
    await vi.advanceTimersByTimeAsync(4 * 60_000);
    expect(fetched.mock.calls.length).toBeLessThan(30);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("does nothing on other pages", () => {
    document.body.innerHTML = "<p>Another page</p>";
    expect(watchQueue()).toBeUndefined();
  });
});
