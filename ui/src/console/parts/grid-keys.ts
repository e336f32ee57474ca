/** Moving through the rows of a grid by keys. */

const HEAD = 38;

/** The row that a key leads to; null where it leads nowhere. */
export function moved(key: string, active: number, length: number, page: number): number | null {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -length, End: length };
  const step = steps[key];
  return step === undefined || length === 0 ? null : Math.max(0, Math.min(length - 1, active + step));
}

/** Scroll as little as it takes to see a row. */
export function reveal(element: HTMLElement, index: number, rowHeight: number): void {
  const top = index * rowHeight;
  const room = element.clientHeight - HEAD - rowHeight;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top > element.scrollTop + room) element.scrollTop = top - room;
}
