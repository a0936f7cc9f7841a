/** What a boot loader's menu starts by default, as its configuration says it word for word. */
export type MenuEntry = {
  /** As the menu shows it. */
  readonly title: string;
  /** The kernel's path. */
  readonly kernel: string;
  /** In the order in which they are handed over. */
  readonly initrds: readonly string[];
  /** Kernel arguments, single spaces between them. */
  readonly commandLine: string;
  /** Arguments that are the loader's to work out, such as those with variables. */
  readonly leftOut: readonly string[];
};

/** Of a configuration, which is text, and of some kilobytes on what is handed out: one that is longer is not read. */
export const MOST_MENU_BYTES = 64 * 1024;
