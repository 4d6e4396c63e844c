import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { thirdPartyText } from "./tools/lib/third-party.mjs";

/** The page is loaded by the entry at run time: the browser shall begin to fetch it together with the entry. */
const preloadPage: Plugin = {
  name: "preload-page",
  transformIndexHtml: {
    order: "post",
    handler: (_html, { bundle }) => {
      const chunk = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && file.isDynamicEntry && file.name === "page");
      return chunk === undefined ? [] : [{ tag: "link", attrs: { rel: "modulepreload", href: `./${chunk.fileName}` }, injectTo: "head" }];
    },
  },
};

/** What the page holds of other people's packages, beside it. */
const thirdParty: Plugin = {
  name: "third-party",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
    this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source: thirdPartyText(modules) });
  },
};

/** Builds src/web to dist/web. Paths are relative, so the folder can be served from anywhere; nothing is inlined, so a strict Content-Security-Policy holds. */
export default defineConfig({
  root: "src/web",
  base: "./",
  plugins: [react(), preloadPage, thirdParty],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
  },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8080", "/tsp": "http://127.0.0.1:8080" } },
});
