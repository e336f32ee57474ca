/** Our own signs, drawn on 16 by 16. */
const PATHS = {
  alert: "M8 1.8 15 14H1L8 1.8ZM8 6.2v3.6M8 11.9v.1",
  back: "M13 8H3M7 4 3 8l4 4",
  bolt: "M9 1.5 3 9h4.2L7 14.5 13 7H8.8L9 1.5Z",
  check: "m3 8.5 3.2 3.2L13 4.8",
  chevron: "m4 6 4 4 4-4",
  clock: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8ZM8 4.6V8l2.3 1.6",
  columns: "M2 3h12v10H2zM6 3v10M10 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cross: "m4 4 8 8M12 4l-8 8",
  help: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8ZM6.2 6.2c.2-2.4 3.8-2.2 3.6 0C9.7 7.6 8 7.4 8 9M8 11.2v.1",
  key: "M10.5 1.8a3.7 3.7 0 1 1-1.2 7.2L5 13.4H2.6V11l4.4-4.3A3.7 3.7 0 0 1 10.5 1.8ZM11.2 4.8v.1",
  link: "M6.6 9.4a2.6 2.6 0 0 0 3.8 0l2.4-2.4a2.7 2.7 0 0 0-3.8-3.8l-.8.8M9.4 6.6a2.6 2.6 0 0 0-3.8 0L3.2 9a2.7 2.7 0 0 0 3.8 3.8l.8-.8",
  moon: "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7Z",
  more: "M3.5 8v.1M8 8v.1M12.5 8v.1",
  overview: "M2 2h5v6H2zM9 2h5v3.5H9zM9 7.5h5V14H9zM2 10h5v4H2z",
  pause: "M5 3v10M11 3v10",
  play: "M4.5 2.8v10.4L13 8 4.5 2.8Z",
  refresh: "M13.5 3v3.5H10M13.2 6.5A5.6 5.6 0 1 0 13.6 9",
  review: "M2 8s2.2-4.2 6-4.2S14 8 14 8s-2.2 4.2-6 4.2S2 8 2 8ZM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6Z",
  runs: "M2 4h7M2 8h12M2 12h9",
  search: "M7 2.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6ZM10.5 10.5 14 14",
  split: "M2 8h4l3-4h5M9 12h5M6 8l3 4",
  stop: "M3.5 3.5h9v9h-9z",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  table: "M2 3h12v10H2zM2 6.5h12M2 9.8h12M6 6.5V13",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
