/** Which rows of a scrolled list are in sight. */
import { useEffect, useState } from "preact/hooks";

const OVERSCAN = 8;

/** Which rows are in sight, and a few around them: from `first` to before `last`. */
export function useSight(place: { current: HTMLElement | null }, rowHeight: number, length: number) {
  const [{ top, height }, look] = useState({ top: 0, height: 0 });
  useEffect(() => {
    const element = place.current!;
    let frame = 0;
    const measure = () => {
      frame = 0;
      look({ top: element.scrollTop, height: element.clientHeight });
    };
    const soon = () => (frame ||= requestAnimationFrame(measure));
    const observer = new ResizeObserver(soon);
    observer.observe(element);
    element.addEventListener("scroll", soon, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      element.removeEventListener("scroll", soon);
    };
  }, []);
  return {
    first: Math.max(0, Math.floor(top / rowHeight) - OVERSCAN),
    last: Math.min(length, Math.ceil((top + height) / rowHeight) + OVERSCAN),
  };
}
