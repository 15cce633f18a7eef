/** Buttons: with words, or with an icon and the words as its name. */

import type { LucideIcon } from 'lucide-react';
import type { ComponentProps, Ref } from 'react';

type Kind = 'primary' | 'plain' | 'danger' | 'quiet';

interface ButtonProps extends ComponentProps<'button'> {
  kind?: Kind;
}

export function Button({ kind = 'plain', className = '', type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={`button button-${kind} ${className}`} {...rest} />;
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  icon: LucideIcon;
  label: string;
  /** Shown with the name on hover. */
  hint?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon: Icon, label, hint, className = '', type = 'button', ...rest }: IconButtonProps) {
  const title = hint === undefined ? label : `${label} (${hint})`;
  return (
    <button type={type} className={`icon-button ${className}`} aria-label={label} title={title} {...rest}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
    </button>
  );
}

interface IconLinkProps extends Omit<ComponentProps<'a'>, 'children'> {
  icon: LucideIcon;
  label: string;
}

/** Looks like a button and is a link: a download, mostly. */
export function IconLink({ icon: Icon, label, className = '', ...rest }: IconLinkProps) {
  return (
    <a className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
    </a>
  );
}
