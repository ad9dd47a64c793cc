import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepBrief, typed } from "../src/brief";

const PAGE = `<form data-keep="/documents/unfinished">
  <input type="hidden" name="csrf_token" value="t" /><input type="hidden" name="ticket" value="first" />
  <input type="hidden" name="kept_version" value="" /><input name="title" /><input type="file" name="attachment" />
  <p data-kept-said></p></form>`;

const form = (): HTMLFormElement => document.querySelector("form") as HTMLFormElement;
const field = (name: string): HTMLInputElement => form().elements.namedItem(name) as HTMLInputElement;
const said = (): string => document.querySelector("[data-kept-said]")?.textContent ?? "";

function type(words: string): void {
  field("title").value = words;
  field("title").dispatchEvent(new Event("input", { bubbles: true }));
}

const answer = (status: number, body: object): Response => new Response(JSON.stringify(body), { status });
const KEPT = { kept: true, kept_at: "2027-01-01T10:00:00Z", version: 3, ticket: "second", address: "/documents/new?unfinished=1" };

describe("keeping a brief as it is typed", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    document.body.innerHTML = PAGE;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("sends after a pause and goes on with the ticket of the answer", async () => {
    const fetched = vi.fn(() => Promise.resolve(answer(200, KEPT)));
    vi.stubGlobal("fetch", fetched);
    keepBrief();
    type("Pots");
    await vi.advanceTimersByTimeAsync(1_400);
    expect(fetched).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(field("ticket").value).toBe("second");
    expect(field("kept_version").value).toBe("3");
    expect(form().dataset["safe"]).toBe("yes");
    expect(window.location.search).toBe("?unfinished=1");
    expect(said()).toContain("Kept at");
    type("More");
    expect(form().dataset["safe"]).toBeUndefined();
  });

  it("tries again when the desk does not answer", async () => {
    const fetched = vi.fn().mockRejectedValueOnce(new TypeError("lost")).mockResolvedValue(answer(200, KEPT));
    vi.stubGlobal("fetch", fetched);
    keepBrief();
    type("Pots");
    await vi.advanceTimersByTimeAsync(1_600);
    expect(said()).toContain("Not connected");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(said()).toContain("Kept at");
  });

  it("keeps what is typed after the document was made as another brief", async () => {
    const fetched = vi
      .fn()
      .mockResolvedValueOnce(answer(409, { error: "It became a document.", ticket: "third" }))
      .mockResolvedValue(answer(200, KEPT));
    vi.stubGlobal("fetch", fetched);
    keepBrief();
    type("Pots");
    await vi.advanceTimersByTimeAsync(1_600);
    expect(field("ticket").value).toBe("third");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("goes on with a fresh token when the old one is refused, once", async () => {
    const page = new Response('<input name="csrf_token" value="today" />');
    const fetched = vi
      .fn()
      .mockResolvedValueOnce(answer(400, { error: "Open for too long." }))
      .mockResolvedValueOnce(page)
      .mockResolvedValue(answer(400, { error: "This is too long to be kept." }));
    vi.stubGlobal("fetch", fetched);
    keepBrief();
    type("Pots");
    await vi.advanceTimersByTimeAsync(1_600);
    expect(field("csrf_token").value).toBe("today");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetched).toHaveBeenCalledTimes(3);
    expect(said()).toBe("This is too long to be kept.");
  });

  it("sends no files", () => {
    const data = typed(form());
    expect(Array.from(data.keys())).toEqual(["csrf_token", "ticket", "kept_version", "title"]);
  });
});
