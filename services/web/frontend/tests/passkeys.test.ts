import { describe, expect, it } from "vitest";
import { inWords, named } from "../src/passkeys";

describe("passkeys", () => {
  it("belong to a host that has a name", () => {
    expect(["desk.example.org", "localhost", "4desk.example"].map(named)).toEqual([true, true, true]);
    expect(["127.0.0.1", "10.0.0.7", "[::1]"].map(named)).toEqual([false, false, false]);
  });

  it("say what went wrong in a person's words", () => {
    expect(inWords(new DOMException("", "NotAllowedError"))).toMatch(/No passkey was shown/);
    expect(inWords(new DOMException("", "InvalidStateError"))).toMatch(/already/);
    expect(inWords(new TypeError("fetch"))).toMatch(/can’t be reached/);
  });
});
