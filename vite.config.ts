import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Builds src/web to dist/web. Paths are relative, so the folder can be served from anywhere; nothing is inlined, so a strict Content-Security-Policy holds. */
export default defineConfig({
  root: "src/web",
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
  },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8080", "/tsp": "http://127.0.0.1:8080" } },
});
