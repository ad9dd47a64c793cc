/** Copies of unsaved words in this browser: one for each window, gone when the words are saved or somebody logs out. */

export interface Copy {
  tab: string;
  version: number; // the sending that will bring it to the desk, or has brought it
  base: number;
  title: string;
  body: string;
  at: number; // milliseconds
  none?: boolean; // nothing waits any more: what the desk may still hold up to this sending was taken back
}

/** What begins with "copydesk:" is forgotten when somebody logs out. */
const PREFIX = "copydesk:words:";
const OLDEST = 30 * 24 * 3600 * 1000;

export class Copies {
  private readonly prefix: string;

  constructor(person: number, document: string) {
    this.prefix = `${PREFIX}${person}-${document}:`;
  }

  readonly key = (tab: string): string => this.prefix + tab;

  /** False when this browser has no room, or keeps nothing. */
  write(copy: Copy): boolean {
    try {
      localStorage.setItem(this.key(copy.tab), JSON.stringify(copy));
      return true;
    } catch {
      return false;
    }
  }

  remove(tab: string): void {
    try {
      localStorage.removeItem(this.key(tab));
    } catch {
      // Nothing is kept in this browser.
    }
  }

  /** Newest first. */
  all(): Copy[] {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
      return keys
        .flatMap((key) => valid(localStorage.getItem(key)))
        .filter((one) => one.at > Date.now() - OLDEST)
        .sort((a, b) => b.at - a.at);
    } catch {
      return [];
    }
  }
}

function valid(json: string | null): Copy[] {
  try {
    const one = JSON.parse(json ?? "null") as Copy | null;
    return one && typeof one.body === "string" && typeof one.title === "string" && Number.isInteger(one.version) ? [one] : [];
  } catch {
    return [];
  }
}
