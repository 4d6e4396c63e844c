export interface Plan {
  readonly children: readonly { readonly path: string; readonly process: number }[];
  readonly isParallel: boolean;
  readonly command: "get" | "set" | undefined;
}
export function plan(seed: number, path: string): Plan;
