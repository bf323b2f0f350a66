import { fileURLToPath } from 'node:url';

/** Arguments with which another Node process runs a TypeScript file of this package. */
export const typescriptArguments = (file: URL): string[] => [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(file),
];
