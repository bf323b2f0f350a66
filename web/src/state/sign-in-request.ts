import { signal } from '@preact/signals';

/** Whether the sign-in dialog is open, and what the visitor wanted to do. */
export const signInRequest = signal<{ readonly purpose: string } | null>(null);

/** @param purpose completes "Sign in to …" */
export function askToSignIn(purpose: string): void {
  signInRequest.value = { purpose };
}
