import type { Measurement } from '../measurement.ts';
import { againstBare } from './against-bare.ts';
import { silenceMeasurements } from './in-silence.ts';
import { loadMeasurements } from './under-load.ts';

export const fanOutMeasurements: readonly Measurement[] = [
  ...againstBare,
  ...loadMeasurements,
  ...silenceMeasurements,
];
