/** Line icons, drawn here so that nothing is loaded; all are decoration beside a text. */

/** @param path in a square of 24 */
const icon = (path: string) => () => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={path} />
  </svg>
);

export const ClockIcon = icon('M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0ZM12 7.5V12l3 2');
export const ListIcon = icon('M4.5 6.5h.1M4.5 12h.1M4.5 17.5h.1M9 6.5h11M9 12h11M9 17.5h11');
export const EyeIcon = icon(
  'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM9.2 12a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0 -5.6 0Z',
);
export const TrophyIcon = icon(
  'M8 4h8v6a4 4 0 0 1-8 0V4ZM8 6H4.5c0 3 1.5 4.5 3.5 4.5M16 6h3.5c0 3-1.5 4.5-3.5 4.5M12 14v3M8.5 20h7M12 17c-1.5 0-2.5 1-2.5 3h5c0-2-1-3-2.5-3Z',
);
export const CheckIcon = icon('m5 12.5 4.5 4.5L19 7.5');
export const AlertIcon = icon('M12 8v5M12 16.2v.1M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0Z');
export const ArrowLeftIcon = icon('M19 12H5.5M11 6l-6 6 6 6');
export const CloseIcon = icon('M6 6l12 12M18 6 6 18');
export const SearchIcon = icon('M4.5 11a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0 -13 0ZM16 16l4.5 4.5');
export const BellIcon = icon(
  'M6 10a6 6 0 0 1 12 0c0 5 2 6 2 6H4s2-1 2-6ZM10 19.5a2.2 2.2 0 0 0 4 0',
);
export const SealIcon = icon(
  'M12 3 5 6v5.5c0 4.3 2.9 7.8 7 9.5 4.1-1.7 7-5.2 7-9.5V6l-7-3ZM9 12l2.2 2.2L15.2 10',
);
export const GavelIcon = icon('m13 5 6 6M10.5 7.5l6 6M15 3l6 6M8.5 9.5l6 6M12.5 12.5 5 20M4 21h9');
export const HandIcon = icon(
  'M8 12V5.5a1.5 1.5 0 0 1 3 0V11m0-.5V4.5a1.5 1.5 0 0 1 3 0V11m0-4.5a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-13 3.5L4.5 14c-.5-1 .8-2.3 2-1.5L8 14',
);
export const TagIcon = icon(
  'M4 12V5a1 1 0 0 1 1-1h7l8 8-8 8-8-8ZM7.3 8.5a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0 -2.4 0Z',
);
export const BookmarkIcon = icon('M6.5 4h11v16.5L12 16l-5.5 4.5V4Z');
