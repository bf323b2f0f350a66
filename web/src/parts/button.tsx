import type { ButtonHTMLAttributes } from 'preact';

interface ButtonProps extends Omit<ButtonHTMLAttributes, 'class'> {
  /** Beyond a plain one: `primary` is what most people want, `danger` cannot be taken back. */
  readonly look?: 'primary' | 'danger' | 'quiet' | undefined;
  /** Further classes. */
  readonly class?: string;
}

/** A button with words; it sends its form only as `type="submit"`. */
export function Button({ look, class: more, ...attributes }: ButtonProps) {
  const classes = ['button', look && `button-${look}`, more].filter(Boolean).join(' ');
  return <button type="button" {...attributes} class={classes} />;
}
