import { afterEach, describe, expect, it, vi } from "vitest";
import { acceptances } from "../../src/editor/accepting";
import type { Desk } from "../../src/editor/desk";

function desk(): Desk {
  const form = document.createElement("form");
  form.innerHTML = '<input name="csrf_token" value="t">';
  return { form } as unknown as Desk;
}

const told = (calls: unknown[][]): number[] =>
  calls.map(([, init]) => (JSON.parse((init as RequestInit).body as string) as { characters: number }).characters);

afterEach(() => vi.unstubAllGlobals());

describe("words that were taken", () => {
  it("are told before the text is saved, the longest at last", async () => {
    const server = vi.fn(() => Promise.resolve(new Response("{}")));
    vi.stubGlobal("fetch", server);
    const mine = acceptances(desk());
    for (const characters of [4, 9, 15]) mine.add("/accept", characters);
    await mine.settled();
    expect(told(server.mock.calls)).toEqual([4, 15]);
    await mine.settled();
    expect(server).toHaveBeenCalledTimes(2);
  });
  it("are told again at once when the text is saved after the network was gone", async () => {
    const server = vi.fn<() => Promise<Response>>().mockRejectedValueOnce(new TypeError("lost")).mockResolvedValue(new Response("{}"));
    vi.stubGlobal("fetch", server);
    const mine = acceptances(desk());
    mine.add("/accept", 4);
    await vi.waitFor(() => expect(server).toHaveBeenCalledTimes(1));
    await new Promise((done) => setTimeout(done, 20)); // it rests before the next try
    await mine.settled();
    expect(told(server.mock.calls)).toEqual([4, 4]);
  });
  it("are not told twice when the server refuses them", async () => {
    const server = vi.fn(() => Promise.resolve(new Response("{}", { status: 400 })));
    vi.stubGlobal("fetch", server);
    const mine = acceptances(desk());
    mine.add("/accept", 4);
    await mine.settled();
    await mine.settled();
    expect(server).toHaveBeenCalledTimes(1);
  });
  it("belong to their desk", () => {
    const [one, other] = [desk(), desk()];
    expect(acceptances(one)).toBe(acceptances(one));
    expect(acceptances(one)).not.toBe(acceptances(other));
  });
});
