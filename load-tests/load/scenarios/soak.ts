/**
 * The mixed sale for long: the limits are the same at the end as at the start, and the report shows
 * each process's memory over the whole time.
 */
export { bid, options, view } from './mixed.ts';
