/** How large panels are at first: known before they are laid out, so that what they show can be asked for. */

/** Of the height, in percent. */
export const graphPercent = 66;

/** The detail panel is as wide as its text needs, in percent of the window. */
export function detailPercent(): number {
  return Math.min(32, Math.max(15, (350 / innerWidth) * 100));
}

/** How large the first panel will be, at most, px. */
export function firstPanelSize(): { readonly width: number; readonly height: number } {
  return { width: (innerWidth * (100 - detailPercent())) / 100, height: (innerHeight * graphPercent) / 100 };
}
