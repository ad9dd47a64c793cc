const YEAR = 365 * 86400;

/** For a year, for the server to read; where the page is secure, under a name that no other host may set. */
export function hostCookie(name: string, value: string, secure: boolean): string {
  return `${secure ? "__Host-" : ""}${name}=${value}; path=/; max-age=${YEAR}; samesite=lax${secure ? "; secure" : ""}`;
}

export function keepCookie(name: string, value: string): void {
  document.cookie = hostCookie(name, value, location.protocol === "https:");
}
