/** Light or dark: the system's choice until the user makes one. The choice is remembered; the theme itself is CSS variables under `html[data-theme]`. */
import { create } from "zustand";

export type ThemeChoice = "system" | "light" | "dark";

const key = "storescope.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): ThemeChoice {
  const value = localStorage.getItem(key);
  return value === "light" || value === "dark" ? value : "system";
}

function resolve(choice: ThemeChoice): "light" | "dark" {
  return choice === "system" ? (system.matches ? "dark" : "light") : choice;
}

interface ThemeStore {
  readonly choice: ThemeChoice;
  readonly theme: "light" | "dark";
  choose(choice: ThemeChoice): void;
}

export const useTheme = create<ThemeStore>()((set) => ({
  choice: stored(),
  theme: resolve(stored()),
  choose: (choice) => {
    if (choice === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, choice);
    set({ choice, theme: resolve(choice) });
  },
}));

/** Keeps `html[data-theme]` up to date. Call once. */
export function followTheme(): void {
  const apply = (): void => {
    document.documentElement.dataset["theme"] = useTheme.getState().theme;
  };
  apply();
  useTheme.subscribe(apply);
  system.addEventListener("change", () => useTheme.getState().choose(useTheme.getState().choice));
}
