/// <reference types="vitest/config" />
import { defineConfig } from "vitest/config";

// Flask serves the folder and reads manifest.json to find the hashed names; relative urls keep it free of any mount path.
export default defineConfig({
  base: "./",
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
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    restoreMocks: true,
  },
});
