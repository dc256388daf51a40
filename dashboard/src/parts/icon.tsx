/** Line icons on a 24 grid, drawn with the current colour. Shapes carry meaning: never swap one for another of the same colour. */
const paths = {
  workshop: "M3 21V10l6 4v-4l6 4V5l6-2v18H3Zm4-4h2m3 0h2m3 0h1",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l2 2.500H4L6 16Zm4 5h4",
  chart: "M4 4v16h16M8 15l3.500-5 3 3L20 7",
  bus: "M4 8h16M4 16h16M8 8v8M16 8v8M8 5v3m8-3v3M8 16v3m8-3v3",
  system: "M5 4h14v6H5V4Zm0 10h14v6H5v-6Zm3-7h.01M8 17h.01",
  energy: "M13 3 5 14h6l-1 7 8-11h-6l1-7Z",
  wall: "M3 5h18v11H3V5Zm6 15h6m-3-4v4",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Zm0-6v3m0 12v3M3 12h3m12 0h3M5.600 5.600l2.100 2.100m8.600 8.600 2.100 2.100m0-12.800-2.100 2.100m-8.600 8.600-2.100 2.100",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  live: "M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5ZM7.500 7.500a6.400 6.400 0 0 0 0 9m9-9a6.400 6.400 0 0 1 0 9M4.700 4.700a10.300 10.300 0 0 0 0 14.600M19.300 4.700a10.300 10.300 0 0 1 0 14.600",
  lost: "M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5ZM4 4l16 16M7.500 7.500a6.400 6.400 0 0 0 0 9m9-9a6.400 6.400 0 0 1 0 9",
  sound: "M4 10v4h3.500L12 18V6l-4.500 4H4Zm11.500-1.500a5 5 0 0 1 0 7M18 6a8.500 8.500 0 0 1 0 12",
  mute: "M4 10v4h3.500L12 18V6l-4.500 4H4Zm12 0 4 4m0-4-4 4",
  snooze: "M12 5a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15Zm0 3v4.500l3 2M4 5l2.500-2M20 5l-2.500-2",
  comment: "M4 5h16v11h-9l-4 4v-4H4V5Z",
  tool: "M14.500 5.500a4 4 0 0 0-4.300 5.600L4 17.300 6.700 20l6.200-6.200a4 4 0 0 0 5.600-4.300l-2.700 2.700-2.500-.800-.800-2.500 2.700-2.700-.700-.700Z",
  up: "M5 15l5-5 3 3 6-7m0 0h-5m5 0v5",
  down: "M5 8l5 5 3-3 6 7m0 0h-5m5 0v-5",
  flat: "M4 12h15m-4-4 4 4-4 4",
  label: "M4 4h6v6H4V4Zm10 0h6v6h-6V4ZM4 14h6v6H4v-6Zm10 0h2v2h-2v-2Zm4 4h2v2h-2v-2Zm-4 2h.01M20 14h.01",
  download: "M12 4v11m-4.500-4L12 15.500 16.500 11M5 20h14",
  note: "M6 3h9l4 4v14H6V3Zm9 0v4h4M9 12h7m-7 4h7",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.500 21a7.500 7.500 0 0 1 15 0",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v4.500l3 2",
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name, size = 24 }: { name: IconName; size?: number }) => (
  <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
