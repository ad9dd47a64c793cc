/// <reference types="vitest/config" />
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const ADOPTED = decodeURIComponent(new URL("./src/editor/adopted_styles.ts", import.meta.url).pathname);

/** CodeMirror's styles without a <style> element: the content security policy allows none. */
const adoptedStyles: Plugin = {
  name: "adopted-styles",
  enforce: "pre",
  resolveId: (source, importer) => (source === "style-mod" && importer !== ADOPTED ? ADOPTED : null),
};

// Flask serves the folder and reads manifest.json to find the hashed names; relative urls keep it free of any mount path.
export default defineConfig({
  base: "./",
  plugins: [adoptedStyles],
  publicDir: false,
  build: {
    outDir: "../copydesk/web/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: ["chrome123", "edge123", "firefox120", "safari17.5"], // the first with light-dark()
    assetsInlineLimit: 0, // the content security policy allows no data: urls
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/main.ts" },
  },
  server: { fs: { allow: [".."] } }, // a test reads the server's table of shortcuts
  test: {
    environment: "jsdom",
    pool: "vmThreads",
    include: ["tests/**/*.test.ts"],
    restoreMocks: true,
    setupFiles: ["tests/setup.ts"],
  },
});
