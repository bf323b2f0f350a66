/** The decide script is one text made of these files of `api-gateway/adapters/redis/lua`, in this order. */
export const DECIDE_SCRIPT_FILES = [
  'packed',
  'room',
  'auction',
  'attendance',
  'book',
  'sale',
  'bids',
  'absentees',
  'time',
  'seller',
  'commands',
  'write',
  'sale-commands',
  'version-1',
  'decide',
];
