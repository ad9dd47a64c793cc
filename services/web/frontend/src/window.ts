/**
 * This window's name, by which the desk tells it from the person's other windows, and a count of what it has sent.
 * Both outlive a reload; a window that was duplicated gets a name of its own.
 */
const KEY = "copydesk-window";

interface Named {
  name: string;
  sent: number;
  free: boolean; // the page that had it was left; while it is open nobody else may take it
}

let mine: Named | null = null;

export const windowName = (): string => own().name;

/** The number of the next sending; the server takes nothing with a lower one after it. */
export function nextSending(): number {
  const one = own();
  one.sent += 1;
  write(one);
  return one.sent;
}

/** The highest number that was given out so far. */
export const lastSending = (): number => own().sent;

/** The server has seen higher ones: never fall behind them. */
export function atLeast(sent: number): void {
  const one = own();
  if (one.sent >= sent) return;
  one.sent = sent;
  write(one);
}

function own(): Named {
  if (mine) return mine;
  const kept = read();
  mine = kept?.free ? { ...kept, free: false } : { name: fresh(), sent: 0, free: false };
  write(mine);
  window.addEventListener("pagehide", () => {
    own().free = true; // and stays so, though the last words are sent after this
    write(own());
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) mine = null; // back from the browser's memory: another page of this window came further
  });
  return mine;
}

const fresh = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function read(): Named | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Named | null;
    return kept && typeof kept.name === "string" && Number.isInteger(kept.sent) ? kept : null;
  } catch {
    return null;
  }
}

function write(one: Named): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(one));
  } catch {
    // Without storage every page has a name of its own.
  }
}
