import type { ButtonHTMLAttributes, PartialAnchorHTMLAttributes } from 'preact';

interface Looks {
  /** Beyond a plain one: `primary` is what most people want, `danger` cannot be taken back. */
  readonly look?: 'primary' | 'danger' | 'quiet' | undefined;
  /** Further classes. */
  readonly class?: string | undefined;
}

type ButtonProps = Omit<ButtonHTMLAttributes, 'class'> & Looks;
type LinkAttributes = PartialAnchorHTMLAttributes<HTMLAnchorElement>;
type ButtonLinkProps = Omit<LinkAttributes, 'class' | 'role'> & Looks & { readonly href: string };

const classesOf = ({ look, class: more }: Looks): string =>
  ['button', look && `button-${look}`, more].filter(Boolean).join(' ');

/** A button with words; it sends its form only as `type="submit"`. */
export const Button = ({ look, class: more, ...attributes }: ButtonProps) => (
  <button type="button" {...attributes} class={classesOf({ look, class: more })} />
);

/** A link that looks like one. */
export const ButtonLink = ({ look, class: more, ...attributes }: ButtonLinkProps) => (
  <a {...attributes} class={classesOf({ look, class: more })} />
);
